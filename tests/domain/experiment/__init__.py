"""Did it help: assignment, interval, forecast, pooling and publishing, each by itself and against known truth."""
