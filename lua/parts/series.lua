-- series: making time series; what scripts share that write prices.

local time_series = {} -- luacheck: ignore 241
do
  local DAY, WEEK, MONDAY = 86400000, 604800000, 345600000 -- the epoch was a Thursday

  function time_series.create(name, chunk)
    redis.call('TS.CREATE', name, 'CHUNK_SIZE', chunk, 'DUPLICATE_POLICY', 'LAST')
  end

  -- The compactions of a series that has no samples yet, as its rules see only what is added after them. They are
  -- called as it is, but for the end (keyspace.compaction).
  function time_series.compact(raw)
    local beginning = string.sub(raw, 1, -#'raw' - 1)
    for aggregate, kept in pairs({ twa = 'avg', min = 'min', max = 'max' }) do
      local day, week = beginning .. 'day:' .. kept, beginning .. 'week:' .. kept
      time_series.create(day, 384)
      time_series.create(week, 384)
      redis.call('TS.CREATERULE', raw, day, 'AGGREGATION', aggregate, DAY)
      redis.call('TS.CREATERULE', raw, week, 'AGGREGATION', aggregate, WEEK, MONDAY)
    end
  end
end
