"""Text to sound: `clauses` cuts the reply, `shape` says what is read out, `piper` speaks it."""
