"""The clock asks. Four verbs in reading order: collect, detect, decide, deliver."""
