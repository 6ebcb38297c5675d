"""Pure text: what stands on the wire, in the log and in files. No file, no socket."""
