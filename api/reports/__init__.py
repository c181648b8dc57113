"""Reports that a committee can be sent: HTML, PDF and XLSX, all of the same tables."""
