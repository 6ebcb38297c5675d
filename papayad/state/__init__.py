"""The files of state_dir and run_dir, except the chat log, each with its locks."""
