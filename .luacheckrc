-- What Redis gives to scripts, and what `-- WITH name` puts before one (store/scripts.py).
std = "lua51"
read_globals = { "KEYS", "ARGV", "redis", "cjson", "cmsgpack", "struct", "cold_tier", "product_state", "time_series" }
max_line_length = 120
