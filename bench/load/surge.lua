-- What wrk sends: the traffic of many users, of whom each sends a request a second; requests are read from a file.
--
-- wrk and not locust: its own waiting is little, so that the longest answer is the server's.
-- Requests start at their times whatever the server does: one that refuses quickly is sent no more of them.
-- Each line of the file: METHOD, PATH, HEADERS (name: value, separated by |), BODY; separated by tabs.

local requests, count, expected = {}, 0, { ['200'] = true, ['201'] = true, ['304'] = true, ['409'] = true }
local threads = {}
local ffi = require('ffi')
ffi.cdef 'struct moment { long seconds, micros; }; int gettimeofday(struct moment *, void *);'
local clock, mean, due = ffi.new('struct moment')
ok, shed, bad = 0, 0, 0

function setup(thread)
  threads[#threads + 1] = thread
  thread:set('number', #threads)
end

local function now()
  ffi.C.gettimeofday(clock, nil)
  return tonumber(clock.seconds) * 1000 + tonumber(clock.micros) / 1000
end

function init(args)
  mean = tonumber(args[2]) -- ms from one request of this thread to the next
  math.randomseed(number) -- no two threads send the same requests under the same keys
  for line in io.lines(args[1]) do
    local method, path, headers, body = line:match('^(%u+)\t([^\t]+)\t([^\t]*)\t(.*)$')
    local fields = {}
    for name, value in headers:gmatch('([%w-]+): ([^|]+)') do
      fields[name] = value
    end
    count = count + 1
    requests[count] = { method, path, fields, body ~= '' and body or nil }
  end
end

function delay()
  local at = now()
  -- At Poisson times; what a stall of wrk itself has left behind is not sent all at once.
  due = math.max((due or at) - mean * math.log(1 - math.random()), at - 50)
  return math.max(0, math.floor(due - at + 0.5))
end

function request()
  local method, path, headers, body = unpack(requests[math.random(count)])
  if method == 'POST' then
    headers['Idempotency-Key'] = string.format('%x%x', math.random(2 ^ 31), math.random(2 ^ 31))
  end
  return wrk.format(method, path, headers, body)
end

function response(status, headers)
  if expected[tostring(status)] then
    ok = ok + 1
  elseif status == 503 and (headers['retry-after'] or headers['Retry-After']) then
    shed = shed + 1
  else
    bad = bad + 1
  end
end

function done(summary, latency)
  local all = { ok = 0, shed = 0, bad = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(all) do
      all[name] = all[name] + thread:get(name)
    end
  end
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format('surge %d %d %d %d %.1f %.1f %.1f %.1f\n', all.ok, all.shed, all.bad, lost,
    summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
