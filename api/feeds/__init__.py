"""What other programs subscribe to: due dates as a calendar, priorities as police.uk has them."""
