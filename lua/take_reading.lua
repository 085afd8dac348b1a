-- take_reading: take the right to read one partition for one group, or hold on to it.
--
-- One reader at a time keeps the changes of a product in order. A reader that died loses the right by time.
--
-- KEYS[1] {n}:reading:GROUP
-- ARGV[1] reader  ARGV[2] how long the right lasts from now (ms)
-- RETURNS 1 where this reader has it now, 0 where another has
-- CALLED BY pennywren.match.leases

local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
