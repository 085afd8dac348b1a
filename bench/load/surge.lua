-- What wrk sends: the traffic of many users, of whom each sends a request a second; requests are read from a file.
--
-- wrk and not locust: its own waiting is little, so that the longest answer is the server's.
-- Each line of the file: METHOD, PATH, HEADERS (name: value, separated by |), BODY; separated by tabs.

local requests, count, expected = {}, 0, { ['200'] = true, ['201'] = true, ['304'] = true, ['409'] = true }
local threads = {}
ok, shed, bad = 0, 0, 0

function setup(thread)
  threads[#threads + 1] = thread
  thread:set('number', #threads)
end

function init(args)
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
  return math.random(200, 600) -- with what wrk itself takes, about a second from one request to the next
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
