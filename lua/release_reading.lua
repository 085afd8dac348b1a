-- release_reading: give back the right to read one partition, unless another reader has it by now.
--
-- KEYS[1] {n}:reading:GROUP
-- ARGV[1] reader
-- RETURNS 1 if it was given back, 0 if it was not this reader's any more
-- CALLED BY pennywren.match.leases

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
