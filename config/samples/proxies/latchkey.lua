-- Asks Latchkey whether a request may pass: http-request lua.latchkey /check/haproxy
-- Only Latchkey's 200 sets txn.latchkey_allows, and haproxy.cfg denies whatever comes without it, so
-- that an error in here, an answer that is none and a Latchkey that is away let nobody pass.

-- What Latchkey reads of the client's headers. Everything else in the check is of HAProxy's making.
local passed = { "authorization", "cookie", "accept", "user-agent", "x-request-id" }
-- What the app learns of the caller: Latchkey always answers with all four, empty where there is nothing to say.
local identity = { "x-auth-request-user", "x-auth-request-uid", "x-auth-request-email", "x-auth-request-groups" }
-- What an answer says of its connection alone, or HAProxy says by itself.
local connection = { ["connection"] = true, ["keep-alive"] = true, ["transfer-encoding"] = true, ["content-length"] = true }

-- HAProxy counts the lines of a header from 0.
local function lines(header)
	local all = {}
	for i = 0, #(header or {}) do
		all[#all + 1] = header and header[i]
	end
	return all
end

core.register_action("latchkey", { "http-req" }, function(txn, check)
	local sent = txn.http:req_get_headers()
	local ask = {
		["x-forwarded-method"] = { txn.f:method() },
		["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
		["x-forwarded-host"] = lines(sent["host"]), -- two of them stay two, which Latchkey refuses
		["x-forwarded-uri"] = { txn.f:pathq() }, -- the very bytes that the app gets
		["x-forwarded-for"] = { txn.f:src() },
	}
	for _, name in ipairs(passed) do
		ask[name] = lines(sent[name])
	end
	-- The host of the URL doesn't count: dst is the listener of haproxy.cfg that shares the checks out.
	local answer = core.httpclient():get { url = "http://latchkey" .. check, dst = "abns@latchkey-80", headers = ask, timeout = 5000 }

	if answer.status == 200 then
		for _, name in ipairs(identity) do
			txn.http:req_set_header(name, table.concat(lines(answer.headers[name]), ","))
		end
		txn:set_var("txn.latchkey_allows", true)
	elseif answer.status == 302 or answer.status == 401 or answer.status == 403 then
		local reply = txn:reply { status = answer.status, body = answer.body }
		for name, header in pairs(answer.headers) do
			for _, value in ipairs(connection[name] and {} or lines(header)) do
				reply:add_header(name, value)
			end
		end
		txn:done(reply)
	end
end, 1)
