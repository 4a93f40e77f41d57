"""What the store keeps in Redis: every key, how long it lives, and the steps that touch several of them at once.

All keys live until the owner removes what is in them, except leases. One server, not a cluster: the scripts make the
names of jobs' keys themselves.
"""

from __future__ import annotations

PREFIX = "stenogram:"
SCHEMA = PREFIX + "schema"  # string: the version of this layout
SETTINGS = PREFIX + "settings"  # hash: key → value
RULES = PREFIX + "rules"  # hash: chat id → document
CURSORS = PREFIX + "cursors"  # hash: chat id → message id
JOB_IDS = PREFIX + "jobs:ids"  # hash: "<chat id>:<message id>" → job id
LAST_JOB_ID = PREFIX + "jobs:last"  # string: the id given last
JOB = PREFIX + "job:"  # + id: hash of the document and what is searched by
JOBS_IN = PREFIX + "jobs:in:"  # + state: sorted set of ids; score: urgency if open, time of the end if ended
LEASE = PREFIX + "lease:"  # + name: string, its holder; lives for the lease's own time unless renewed

SCHEMA_VERSION = 1

# Ids in sorted sets have 16 digits, so that equal scores stand in the order of the ids.
_COMMON = f"""
local function member_of(id) return string.format('%016d', id) end
local function job_key(id) return '{JOB}' .. string.format('%d', id) end
local function in_state(state) return '{JOBS_IN}' .. state end
local function row(id)
  return redis.call('HMGET', job_key(id), 'doc', 'id', 'version', 'state', 'owner', 'lease_until_s', 'attempts')
end
"""

# → the version found, ours where there was none
CHECK_SCHEMA = f"""
redis.call('SET', '{SCHEMA}', ARGV[1], 'NX')
return redis.call('GET', '{SCHEMA}')
"""

# chat id, message id
MOVE_CURSOR = f"""
local at = redis.call('HGET', '{CURSORS}', ARGV[1])
if not at or tonumber(at) < tonumber(ARGV[2]) then redis.call('HSET', '{CURSORS}', ARGV[1], ARGV[2]) end
"""

# "<chat id>:<message id>", state, score, then fields and values → id, or nothing if there is one already
INSERT_JOB = (
    _COMMON
    + f"""
if redis.call('HEXISTS', '{JOB_IDS}', ARGV[1]) == 1 then return false end
local id = redis.call('INCR', '{LAST_JOB_ID}')
redis.call('HSET', '{JOB_IDS}', ARGV[1], id)
redis.call('HSET', job_key(id), 'id', id, 'version', 1, 'state', ARGV[2], unpack(ARGV, 4))
redis.call('ZADD', in_state(ARGV[2]), ARGV[3], member_of(id))
return id
"""
)

# id, version, state, score, then fields and values → the new version, or nothing if the stored one is another
REPLACE_JOB = (
    _COMMON
    + """
local id = tonumber(ARGV[1])
local old = redis.call('HMGET', job_key(id), 'version', 'state')
if old[1] ~= ARGV[2] then return false end
redis.call('ZREM', in_state(old[2]), member_of(id))
redis.call('HSET', job_key(id), 'state', ARGV[3], unpack(ARGV, 5))
redis.call('ZADD', in_state(ARGV[3]), ARGV[4], member_of(id))
return redis.call('HINCRBY', job_key(id), 'version', 1)
"""
)

# owner, now, end of the lease, longest duration or '' → row, or nothing
CLAIM_JOB = (
    _COMMON
    + """
local now, longest = tonumber(ARGV[2]), tonumber(ARGV[4])
local function first(state, due)
  local at, step = 0, 100
  while true do
    local found = redis.call('ZRANGE', in_state(state), at, at + step - 1, 'WITHSCORES')
    if #found == 0 then return nil end
    for i = 1, #found, 2 do
      local id = tonumber(found[i])
      local job = redis.call('HMGET', job_key(id), due, 'duration_s', 'owner')
      local ours = state == 'running' and job[3] == ARGV[1]
      if tonumber(job[1]) <= now and not ours and (not longest or tonumber(job[2]) <= longest) then
        return {id = id, urgency = tonumber(found[i + 1])}
      end
    end
    at = at + step
  end
end
local function before(a, b) return a.urgency < b.urgency or (a.urgency == b.urgency and a.id < b.id) end
local job, left_behind = first('waiting', 'not_before_s'), first('running', 'lease_until_s')
local from = 'waiting'
if left_behind and (not job or before(left_behind, job)) then job, from = left_behind, 'running' end
if not job then return false end
redis.call('ZREM', in_state(from), member_of(job.id))
redis.call('ZADD', in_state('running'), job.urgency, member_of(job.id))
redis.call('HSET', job_key(job.id), 'state', 'running', 'owner', ARGV[1], 'lease_until_s', ARGV[3])
redis.call('HINCRBY', job_key(job.id), 'attempts', 1)
redis.call('HINCRBY', job_key(job.id), 'version', 1)
return row(job.id)
"""
)

# job id → row
READ_JOB = _COMMON + "return row(tonumber(ARGV[1]))"

# "<chat id>:<message id>" → row, or nothing
READ_JOB_OF = (
    _COMMON
    + f"""
local id = redis.call('HGET', '{JOB_IDS}', ARGV[1])
return id and row(tonumber(id))
"""
)

# limit, open states, '', ended states → rows, the first ones of each state
LIST_JOBS = (
    _COMMON
    + """
local rows, order = {}, 'ZRANGE'
for i = 2, #ARGV do
  if ARGV[i] == '' then
    order = 'ZREVRANGE'
  else
    for _, member in ipairs(redis.call(order, in_state(ARGV[i]), 0, tonumber(ARGV[1]) - 1)) do
      rows[#rows + 1] = row(tonumber(member))
    end
  end
end
return rows
"""
)

# lease, holder, milliseconds → who holds it now
TAKE_LEASE = f"""
local key = '{LEASE}' .. ARGV[1]
local holder = redis.call('GET', key)
if holder and holder ~= ARGV[2] then return holder end
redis.call('SET', key, ARGV[2], 'PX', ARGV[3])
return ARGV[2]
"""

# lease, holder
DROP_LEASE = f"""
local key = '{LEASE}' .. ARGV[1]
if redis.call('GET', key) == ARGV[2] then redis.call('DEL', key) end
"""
