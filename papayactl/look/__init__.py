"""Looking: the system is read into values, and values are shown. Changes nothing."""
