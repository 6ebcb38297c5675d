"""The files of state_dir and run_dir but the chat log, each with its locks."""
