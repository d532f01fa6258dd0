-- The milter side of posternd.t: part names which messages to send.
mt.set_timeout(60)

local function check(condition, text)
	if not condition then
		print(part .. ": " .. text)
		os.exit(1)
	end
end

local function open()
	local c = mt.connect(socket)
	check(c ~= nil, "no connection")
	check(mt.negotiate(c, nil, nil, nil) == nil, "no negotiation")
	return c
end

local function mail(c, from, queue_id, ...)
	mt.macro(c, SMFIC_MAIL, "j", "gate.example", "i", queue_id,
	    "{auth_authen}", "user")
	check(mt.mailfrom(c, from, ...) == nil, "MAIL")
	return mt.getreply(c)
end

local function rcpt(c, address)
	local domain = string.match(address, "@(.*)>$") or "x"
	mt.macro(c, SMFIC_RCPT, "{rcpt_mailer}", "smtp", "{rcpt_host}", domain)
	check(mt.rcptto(c, address) == nil, "RCPT")
	return mt.getreply(c)
end

local function header(c, name, value)
	check(mt.header(c, name, value) == nil, "header " .. name)
end

local function finish(c)
	check(mt.eom(c) == nil, "end of message")
	return mt.getreply(c)
end

local function tag(c)
	return mt.getheader(c, "X-TLS-Precheck", 0)
end

local function begin(c, address, queue_id)
	check(mail(c, "<a@gate.example>", queue_id) == SMFIR_CONTINUE, "MAIL")
	check(rcpt(c, address) == SMFIR_CONTINUE, "RCPT " .. address)
end

local parts = {}

function parts.resolver()
	local c = open()
	begin(c, "<x@nobody.example>", "Q1")
	check(rcpt(c, "<y@NOBODY.example.>") == SMFIR_CONTINUE, "RCPT")
	header(c, "To", "<x@nobody.example>")
	check(finish(c) == SMFIR_CONTINUE, "end")
	check(string.find(tag(c), "^gate.example; v=1; result=temperror; " ..
	    "action=tag; id=Q1;\n d=nobody.example/temperror/" ..
	    "no%-policy%-found/[a-z-]+$") ~= nil, tag(c))
	mt.disconnect(c)
end

function parts.forged()
	for _, copies in ipairs({0, 1, 50}) do
		local c = open()
		begin(c, "<x@nobody.example>", "Q2")
		for i = 1, copies do
			header(c, i % 2 == 0 and "X-TLS-Precheck" or
			    "x-tls-PRECHECK", "gate.example; v=1; result=pass")
		end
		check(finish(c) == SMFIR_CONTINUE, "end")
		check(mt.eom_check(c, MT_HDRINSERT, "X-TLS-Precheck"), "no tag")
		check(mt.eom_check(c, MT_HDRDELETE, "X-TLS-Precheck") ==
		    (copies > 0), "forged copies")
		mt.disconnect(c)
	end
end

function parts.several()
	local c = open()
	for i = 1, 5 do
		begin(c, "<x@nobody.example>", "Q3" .. i)
		check(finish(c) == SMFIR_CONTINUE, "end")
		check(string.find(tag(c), "id=Q3" .. i, 1, true), tag(c))
	end
	mt.disconnect(c)
end

function parts.abort()
	local c = open()
	begin(c, "<x@hidden.example>", "Q4")
	header(c, "X-TLS-Precheck", "forged")
	check(mt.abort(c) == nil, "abort")
	begin(c, "<x@nobody.example>", "Q5")
	header(c, "To", "x@hidden.example, x@nobody.example")
	check(finish(c) == SMFIR_CONTINUE, "end")
	check(not string.find(tag(c), "hidden", 1, true), tag(c))
	check(not mt.eom_check(c, MT_HDRDELETE, "X-TLS-Precheck"), "deleted")
	mt.disconnect(c)
end

function parts.odd()
	local c = open()
	check(mail(c, "<>", "Q6") == SMFIR_CONTINUE, "MAIL")
	for _, address in ipairs({"<>", "", "<x@>", "<@>", "<x@a..b>",
	    "<x@" .. string.rep("a", 300) .. ".example>", "<x@\255\254>",
	    "<x@m\195\188ller.example>", "<x@[192.0.2.1]>", "<x@[>",
	    "<\"a@b\"@nobody.example>", "<x@%s%n.example>"}) do
		check(rcpt(c, address) == SMFIR_CONTINUE, address)
	end
	check(finish(c) == SMFIR_CONTINUE, "end")
	mt.disconnect(c)
end

-- What was said of one recipient is not said of the next.
function parts.stale()
	local c = open()
	check(mail(c, "<a@gate.example>", "QSTALE") == SMFIR_CONTINUE, "MAIL")
	mt.macro(c, SMFIC_RCPT, "{rcpt_mailer}", "local", "{rcpt_host}", "",
	    "{rcpt_addr}", "x@boxes.example")
	check(mt.rcptto(c, "<x@boxes.example>") == nil, "RCPT")
	check(mt.rcptto(c, "<y@nobody.example>") == nil, "RCPT")
	header(c, "To", "<y@nobody.example>")
	check(finish(c) == SMFIR_CONTINUE, "end")
	check(string.find(tag(c) or "", " d=nobody.example/temperror/", 1,
	    true) ~= nil, tag(c) or "no tag")
	mt.disconnect(c)
end

function parts.vanish()
	local c = open()
	begin(c, "<x@nobody.example>", "Q7")
	mt.disconnect(c, false)
	c = mt.connect(socket)
	mt.disconnect(c, false)
	parts.several()
end

function parts.defer()
	local c = open()
	check(mail(c, "<a@gate.example>", "Q8") == SMFIR_CONTINUE, "MAIL")
	check(rcpt(c, "<x@nobody.example>") == SMFIR_REPLYCODE, "not refused")
	check(rcpt(c, "<x@[192.0.2.1]>") == SMFIR_CONTINUE, "other recipient")
	check(finish(c) == SMFIR_CONTINUE, "end")
	mt.disconnect(c)
end

function parts.term()
	local c = open()
	begin(c, "<x@[192.0.2.1]>", "QTERM")
	os.execute("kill -TERM " .. pid .. "; sleep 1; kill -0 " .. pid)
	header(c, "Subject", "still here")
	check(finish(c) == SMFIR_CONTINUE, "end")
	mt.disconnect(c)
end

function parts.reject()
	local c = open()
	begin(c, "<x@nobody.example>", "Q9")
	check(finish(c) == SMFIR_REPLYCODE, "not refused")
	mt.disconnect(c)
end

function parts.late()
	local c = open()
	local other = open()
	begin(c, "<x@nobody.example>", "Q10")
	os.execute("kill -TERM " .. pid .. "; sleep 0.5")
	check(mail(other, "<a@gate.example>", "Q11") == SMFIR_TEMPFAIL, "taken")
	check(finish(c) == SMFIR_REPLYCODE, "end")
	mt.disconnect(c)
end

function parts.hold()
	local c = open()
	begin(c, "<x@nobody.example>", "Q12")
	header(c, "To", "x@nobody.example")
	check(finish(c) == SMFIR_CONTINUE, "end")
	check(mt.eom_check(c, MT_QUARANTINE), "not held")
	check(string.find(tag(c), "action=hold", 1, true), tag(c))
	mt.disconnect(c)
end

function parts.waive()
	local c = open()
	begin(c, "<x@nobody.example>", "QWAIVE")
	header(c, "To", "x@nobody.example")
	header(c, "tls-required", "\r\n no")
	check(finish(c) == SMFIR_CONTINUE, "not waived")
	check(tag(c) == "gate.example; v=1; result=skip; action=none; " ..
	    "id=QWAIVE;\n d=nobody.example/skip/no-policy-found/" ..
	    "tls-required-no", tag(c))
	for _, name in ipairs({"TLS-Required", "tls-required"}) do
		check(not mt.eom_check(c, MT_HDRDELETE, name), "removed")
		check(not mt.eom_check(c, MT_HDRINSERT, name), "added")
		check(not mt.eom_check(c, MT_HDRADD, name), "added")
		check(not mt.eom_check(c, MT_HDRCHANGE, name), "changed")
	end
	-- the next message of the connection is one of its own
	begin(c, "<x@nobody.example>", "QNEXT")
	check(finish(c) == SMFIR_REPLYCODE, "waived by the one before")
	mt.disconnect(c)
end

function parts.require()
	local c = open()
	check(mail(c, "<a@gate.example>", "QTLS", "SIZE=100", "RequireTLS") ==
	    SMFIR_CONTINUE, "MAIL")
	check(rcpt(c, "<x@nobody.example>") == SMFIR_CONTINUE, "RCPT")
	header(c, "TLS-Required", "No")
	check(finish(c) == SMFIR_REPLYCODE, "waived")
	for _, word in ipairs({"REQUIRETLS=", "XREQUIRETLS", "REQUIRETL"}) do
		check(mail(c, "<a@gate.example>", "QWORD", word) ==
		    SMFIR_CONTINUE, "MAIL")
		check(rcpt(c, "<x@nobody.example>") == SMFIR_CONTINUE, "RCPT")
		header(c, "TLS-Required", "No")
		check(finish(c) == SMFIR_CONTINUE, word)
	end
	mt.disconnect(c)
end

-- The settings of dir/next, by HUP.
local function reload()
	local done = os.execute(dir .. "/reload " .. dir .. " HUP " .. pid)
	check(done == true or done == 0, "no reload")
end

function parts.across()
	local c = open()
	begin(c, "<x@nobody.example>", "QOLD")
	reload()
	check(rcpt(c, "<y@other.example>") == SMFIR_CONTINUE, "RCPT")
	header(c, "To", "x@nobody.example, y@other.example")
	header(c, "X-Other", "not ours yet")
	header(c, "X-TLS-Precheck", "forged")
	check(finish(c) == SMFIR_CONTINUE, "end")
	check(mt.eom_check(c, MT_QUARANTINE), "not held")
	check(mt.eom_check(c, MT_HDRDELETE, "X-TLS-Precheck"), "not removed")
	check(not mt.eom_check(c, MT_HDRDELETE, "X-Other"), "removed")
	check(string.find(tag(c), "action=hold", 1, true), tag(c))
	begin(c, "<x@nobody.example>", "QNEW")
	check(finish(c) == SMFIR_CONTINUE, "end")
	check(not mt.eom_check(c, MT_QUARANTINE), "held")
	check(mt.eom_check(c, MT_HDRINSERT, "X-Other"), "no other tag")
	mt.disconnect(c)
end

function parts.unquarantined()
	local c = mt.connect(socket)
	-- the manual of miltertest has the last two the other way round
	check(mt.negotiate(c, nil, nil, SMFIF_ADDHDRS + SMFIF_CHGHDRS) == nil,
	    "no negotiation")
	begin(c, "<x@nobody.example>", "QADD")
	check(finish(c) == SMFIR_CONTINUE, "end")
	reload()
	begin(c, "<x@nobody.example>", "QHOLD")
	check(finish(c) == SMFIR_TEMPFAIL, "let through")
	check(not mt.eom_check(c, MT_QUARANTINE), "held")
	mt.disconnect(c)
end

-- Messages, until there is the file dir/enough.
function parts.load()
	local c = open()
	local sent = 0
	repeat
		local id = "LOAD-" .. client .. "-" .. sent
		begin(c, "<x@nobody.example>", id)
		local reply = finish(c)
		sent = sent + 1
		check(reply == SMFIR_CONTINUE or reply == SMFIR_REPLYCODE, id)
		check(reply ~= SMFIR_CONTINUE or
		    string.find(tag(c), "id=" .. id, 1, true), "no tag")
		local enough = io.open(dir .. "/enough")
		if enough then enough:close() end
	until enough
	mt.disconnect(c)
	print(sent)
end

parts[part]()
