"""The steps, oldest first. Each is named by its revision."""
