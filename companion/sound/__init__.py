"""Sound in and out: devices, recording, playing, files, and whether anybody spoke.

Knows no words beyond those that come with the sound it plays, and no other stage.
"""
