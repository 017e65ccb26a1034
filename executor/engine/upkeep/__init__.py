"""What is looked at beside the ticks: files, deadlines, stalls, second thoughts."""
