"""Reading the memory: what fits a question, whether anything does, and in which order.

Pure: no database, engine, thread or clock.
"""
