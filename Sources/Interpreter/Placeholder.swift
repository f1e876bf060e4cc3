import BCLScript
