"""How the offline chat model is made: probes, dialogues, training, export and evaluation."""
