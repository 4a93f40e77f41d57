"""The verb `doctor`: looks at everything that people get wrong, and says what to do about it."""
