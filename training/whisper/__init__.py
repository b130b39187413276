"""Recipe of the offline Whisper: texts, synthetic speech, training, export and measurement."""
