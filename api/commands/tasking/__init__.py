"""`patchmap task …`, `priority …`, `roster …` and `meeting …`."""
