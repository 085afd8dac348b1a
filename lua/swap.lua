-- swap: replace a value if it is still the one that was read; whoever comes second is told what is there now.
--
-- KEYS[1]  the string; its first 8 bytes are its version
-- ARGV[1]  the version that was read: '' where there was nothing
-- ARGV[2]  the new value, version first
-- ARGV[3]  when it expires (ms from now)
-- RETURNS  1, or what is there now ('' for nothing): then nothing was written
-- CALLED BY pennywren.store.swaps

local now_there = redis.call('GET', KEYS[1]) or ''
if string.sub(now_there, 1, 8) ~= ARGV[1] then
  return now_there
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
