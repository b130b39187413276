"""The language model room: the engine, and the chat template of its model file."""
