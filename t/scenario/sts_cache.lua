-- One message to each of the domains (separated by commas) past a posternd.
mt.set_timeout(60)

local c = mt.connect(socket)

if c == nil or mt.negotiate(c, nil, nil, nil) ~= nil then
	os.exit(1)
end
for domain in string.gmatch(domains, "[^,]+") do
	mt.macro(c, SMFIC_MAIL, "j", "gate.sender.example", "i", "Q" .. number)
	if mt.mailfrom(c, "<app@sender.example>") ~= nil then
		os.exit(1)
	end
	mt.macro(c, SMFIC_RCPT, "{rcpt_mailer}", "smtp", "{rcpt_host}", domain)
	if mt.rcptto(c, "<user@" .. domain .. ">") ~= nil or
	    mt.eom(c) ~= nil or mt.getreply(c) == nil then
		os.exit(1)
	end
end
mt.disconnect(c)
