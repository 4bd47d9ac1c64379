-- Which run of which server this is, and which of its lives: after a restart, a failover or the loss of all keys it is
-- another one.
-- KEYS[3] a mark that is lost with everything else   ARGV[4] another mark, for where there is none
-- Reply: {now (ms), text}
redis.call('SET', KEYS[3], ARGV[4], 'NX')
local server, replication = redis.call('INFO', 'server'), redis.call('INFO', 'replication')
local run, history = server:match('run_id:(%x+)'), replication:match('master_replid:(%x+)')
return { now_ms, table.concat({ run, history, redis.call('GET', KEYS[3]) }, ':') }
