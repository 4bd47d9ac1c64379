-- Identifies the run of the server and of its data: it changes with a restart, a failover or the
-- loss of all keys.
-- KEYS[3] a marker that is lost with all data   ARGV[4] a new marker, if there is none
-- Reply: {now (ms), text}
redis.call('SET', KEYS[3], ARGV[4], 'NX')
local server, replication = redis.call('INFO', 'server'), redis.call('INFO', 'replication')
local run, history = server:match('run_id:(%x+)'), replication:match('master_replid:(%x+)')
return { now_ms, table.concat({ run, history, redis.call('GET', KEYS[3]) }, ':') }
