-- snapshot: all that is recorded of one product, as it is in one moment.
--
-- KEYS[1] product hash  KEYS[2] proof hash
-- KEYS[3…] for each offer: raw, state
-- ARGV[1] how many offers
-- RETURNS the fields of the product hash, those of the proof hash, and for each offer the samples of raw and of state;
--   an empty list where the product was never recorded
-- CALLED BY pennywren.store.snapshots

local call = redis.call
local fields = call('HGETALL', KEYS[1])
if #fields == 0 then
  return {}
end
local reply = { fields, call('HGETALL', KEYS[2]) }
for i = 1, tonumber(ARGV[1]) do
  for series = 2 * i + 1, 2 * i + 2 do
    local samples = {}
    if call('EXISTS', KEYS[series]) == 1 then
      samples = call('TS.RANGE', KEYS[series], '-', '+')
    end
    reply[#reply + 1] = samples
  end
end
return reply
