-- For rspamd behind the gate: /etc/rspamd/rspamd.local.lua, or a part of it.
--
-- In place of gate.example.org put your AuthservID.  A tag with another name is
-- somebody else's and says nothing; of several fields the topmost counts, for
-- each gate puts its own there.  Folds are gone here: each item begins with one
-- space.  Try it:
--     rspamc symbols message
local authserv_id = 'gate.example.org'

-- What a tag comes to, and domains that have a symbol of their own, where they
-- fail.
local results = { fail = 'TLS_FAIL', temperror = 'TLS_UNKNOWN' }
local partners = { ['partner.example'] = 'TLS_FAIL_PARTNER' }

local symbols = {
  TLS_FAIL = { 0.5, 'A recipient\'s domain fails its TLS policy' },
  TLS_FAIL_PARTNER = { 2.0, 'partner.example fails its TLS policy' },
  TLS_UNKNOWN = { 0.1, 'A TLS policy could not be checked' },
  TLS_UNTAGGED = { 1.0, 'The mail did not pass the TLS gate' },
}

-- What is behind the name and version of our own tag, or nil.
local function read_tag(task)
  local field = task:get_header('X-TLS-Precheck') or ''
  local id, rest = field:match('^(%S+); v=1; (.*)$')
  return id == authserv_id and rest or nil
end

local function check_tag(task)
  local tag = read_tag(task)
  if not tag then
    task:insert_result('TLS_UNTAGGED', 1.0)
    return
  end
  local worst = tag:match('^result=(%a+);')
  if results[worst] then
    task:insert_result(results[worst], 1.0)
  end
  for domain, result, reason in
    tag:gmatch('; d=([^/;]+)/(%a+)/[^/;]+/([^/;]+)') do
    if result == worst and results[worst] then
      task:insert_result(results[worst], 1.0, domain .. ': ' .. reason)
    end
    if result == 'fail' and partners[domain] then
      task:insert_result(partners[domain], 1.0, reason)
    end
  end
end

local id = rspamd_config:register_symbol({
  name = 'TLS_PRECHECK',
  type = 'callback',
  callback = check_tag,
})
for name, symbol in pairs(symbols) do
  rspamd_config:register_symbol({
    name = name,
    type = 'virtual',
    parent = id,
    score = symbol[1],
    description = symbol[2],
    group = 'tls',
  })
end
