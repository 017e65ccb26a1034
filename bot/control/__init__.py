"""The control socket in the data folder: how the shell's commands reach a running `milepost up`.

One request a line, as JSON: ``{"id", "method", "params"}``; one answer a line: ``{"ok": true, "result": {…}}`` or
``{"ok": false, "error": {"code", "sentence"}}``. The id is the command's: repeated, it is recognised and not carried
out again. The socket is the owner's alone (0600, in a folder of 0700).
"""
