package v1alpha1_test

import "strings"

// What the API server says of each Realm that it refuses.
var realmRefusals = []refusal{
	{"when its name is another", "{apiVersion: auth.latchkey.dev/v1alpha1, kind: Realm, metadata: {name: main}}", []string{
		`metadata: Invalid value: a namespace has one Realm, and its name is default`,
	}},

	{"when the issuer is no URL", aRealm("issuer: auth.example.com"), []string{
		misses(`spec.issuer`, `"auth.example.com"`, issuerSentence),
	}},
	{"when the issuer has a query", aRealm("issuer: 'https://auth.example.com/?a=b'"), []string{
		misses(`spec.issuer`, `"https://auth.example.com/?a=b"`, issuerSentence),
	}},
	{"when the issuer has a fragment", aRealm("issuer: 'https://auth.example.com/#a'"), []string{
		misses(`spec.issuer`, `"https://auth.example.com/#a"`, issuerSentence),
	}},
	{"when the issuer has credentials", aRealm("issuer: 'https://a:b@auth.example.com'"), []string{
		misses(`spec.issuer`, `"https://a:b@auth.example.com"`, issuerSentence),
	}},
	{"when the issuer's host is no host", aRealm("issuer: 'https://[:::'"), []string{
		misses(`spec.issuer`, `"https://[:::"`, issuerSentence),
	}},
	{"when the issuer's path is escaped", aRealm("issuer: 'https://auth.example.com/a%2fb'"), []string{
		misses(`spec.issuer`, `"https://auth.example.com/a%2fb"`, issuerSentence),
	}},
	{"when the issuer is empty", aRealm("issuer: ''"), []string{
		misses(`spec.issuer`, `""`, issuerSentence),
	}},
	{"when the issuer is too long", aRealm("issuer: https://auth.example.com/" + strings.Repeat("a", 500)), []string{
		`spec.issuer: Too long: may not be more than 512 bytes`,
	}},

	{"when there are 17 audiences", aRealm("audiences: [" + numbers(17) + "]"), []string{
		`spec.audiences: Too many: 17: must have at most 16 items`,
	}},
	{"when an audience is there twice", aRealm("audiences: [a, a]"), []string{
		`spec.audiences[1]: Duplicate value: "a"`,
	}},
	{"when an audience is empty", aRealm("audiences: ['']"), []string{
		`spec.audiences[0]: Invalid value: "": spec.audiences[0] in body should be at least 1 chars long`,
		misses(`spec.audiences[0]`, `""`, audienceSentence),
	}},
	{"when an audience has a space", aRealm("audiences: ['a b']"), []string{
		misses(`spec.audiences[0]`, `"a b"`, audienceSentence),
	}},
	{"when an audience is too long", aRealm("audiences: [" + strings.Repeat("a", 257) + "]"), []string{
		`spec.audiences[0]: Too long: may not be more than 256 bytes`,
	}},

	{"when the algorithm is none", aRealm("tokens: {algorithm: none}"), []string{
		`spec.tokens.algorithm: Unsupported value: "none": supported values: "ES256", "EdDSA", "RS256", "HS256"`,
	}},
	{"when accessTTL is below a minute", aRealm("tokens: {accessTTL: 59s}"), []string{
		`spec.tokens.accessTTL: Invalid value: "59s": accessTTL must be between 1m and 24h`,
	}},
	{"when accessTTL is over a day", aRealm("tokens: {accessTTL: 24h1s}"), []string{
		`spec.tokens.accessTTL: Invalid value: "24h1s": accessTTL must be between 1m and 24h`,
	}},
	{"when accessTTL is over refreshTTL", aRealm("tokens: {accessTTL: 2h, refreshTTL: 1h}, sessions: {cookieTTL: 1h}"), []string{
		`spec.tokens.accessTTL: Invalid value: accessTTL must be at most refreshTTL`,
	}},
	{"when accessTTL is in days", aRealm("tokens: {accessTTL: 1d}"), []string{
		`spec.tokens.accessTTL: Invalid value: "1d": accessTTL must be between 1m and 24h`,
		mismatch(`spec.tokens.accessTTL`, `"1d"`, durationPattern),
	}},
	{"when accessTTL is negative", aRealm("tokens: {accessTTL: -30m}"), []string{
		`spec.tokens.accessTTL: Invalid value: "-30m": accessTTL must be between 1m and 24h`,
		mismatch(`spec.tokens.accessTTL`, `"-30m"`, durationPattern),
	}},
	{"when accessTTL overflows", aRealm("tokens: {accessTTL: 9999999999h}"), []string{
		`spec.tokens.accessTTL: Invalid value: "9999999999h": accessTTL must be between 1m and 24h`,
	}},
	{"when accessTTL is too long a text", aRealm("tokens: {accessTTL: 00000000000000030m}"), []string{
		`spec.tokens.accessTTL: Too long: may not be more than 16 bytes`,
	}},
	{"when refreshTTL is below an hour", aRealm("tokens: {refreshTTL: 59m}, sessions: {cookieTTL: 1m}"), []string{
		`spec.tokens.refreshTTL: Invalid value: "59m": refreshTTL must be between 1h and 2160h`,
	}},
	{"when refreshTTL is over 90 days", aRealm("tokens: {refreshTTL: 2161h}"), []string{
		`spec.tokens.refreshTTL: Invalid value: "2161h": refreshTTL must be between 1h and 2160h`,
	}},
	{"when refreshTTL is over 16 rotation periods", aRealm("tokens: {refreshTTL: 17h}, keys: {rotationPeriod: 1h}"), []string{
		`spec.tokens.refreshTTL: Invalid value: refreshTTL must be at most 16 times keys.rotationPeriod`,
	}},
	{"when refreshTTL is in weeks", aRealm("tokens: {refreshTTL: 2w}"), []string{
		`spec.tokens.refreshTTL: Invalid value: "2w": refreshTTL must be between 1h and 2160h`,
		mismatch(`spec.tokens.refreshTTL`, `"2w"`, durationPattern),
	}},
	{"when refreshTTL is too long a text", aRealm("tokens: {refreshTTL: 0000000000000168h}"), []string{
		`spec.tokens.refreshTTL: Too long: may not be more than 16 bytes`,
	}},

	{"when cookieTTL is below a minute", aRealm("sessions: {cookieTTL: 59s}"), []string{
		`spec.sessions.cookieTTL: Invalid value: "59s": cookieTTL must be between 1m and 2160h`,
	}},
	{"when cookieTTL is over 90 days", aRealm("sessions: {cookieTTL: 2161h}, tokens: {refreshTTL: 2160h}"), []string{
		`spec.sessions.cookieTTL: Invalid value: "2161h": cookieTTL must be between 1m and 2160h`,
		`spec.sessions.cookieTTL: Invalid value: cookieTTL must be at most tokens.refreshTTL`,
	}},
	{"when cookieTTL is over refreshTTL", aRealm("sessions: {cookieTTL: 169h}"), []string{
		`spec.sessions.cookieTTL: Invalid value: cookieTTL must be at most tokens.refreshTTL`,
	}},
	{"when cookieTTL is in days", aRealm("sessions: {cookieTTL: 1d}"), []string{
		`spec.sessions.cookieTTL: Invalid value: "1d": cookieTTL must be between 1m and 2160h`,
		mismatch(`spec.sessions.cookieTTL`, `"1d"`, durationPattern),
	}},
	{"when cookieTTL is too long a text", aRealm("sessions: {cookieTTL: 00000000000000012h}"), []string{
		`spec.sessions.cookieTTL: Too long: may not be more than 16 bytes`,
	}},
	{"when maxPerUser is 0", aRealm("sessions: {maxPerUser: 0}"), []string{
		`spec.sessions.maxPerUser: Invalid value: 0: spec.sessions.maxPerUser in body should be greater than or equal to 1`,
	}},
	{"when maxPerUser is 1001", aRealm("sessions: {maxPerUser: 1001}"), []string{
		`spec.sessions.maxPerUser: Invalid value: 1001: spec.sessions.maxPerUser in body should be less than or equal to 1000`,
	}},
	{"when maxLoginsPerHour is 0", aRealm("sessions: {maxLoginsPerHour: 0}"), []string{
		`spec.sessions.maxLoginsPerHour: Invalid value: 0: spec.sessions.maxLoginsPerHour in body should be greater than or equal to 1`,
	}},
	{"when maxLoginsPerHour is 100001", aRealm("sessions: {maxLoginsPerHour: 100001}"), []string{
		`spec.sessions.maxLoginsPerHour: Invalid value: 100001: spec.sessions.maxLoginsPerHour in body should be less than or equal to 100000`,
	}},
	{"when refreshLeeway is below 2 seconds", aRealm("sessions: {refreshLeeway: 1s}"), []string{
		`spec.sessions.refreshLeeway: Invalid value: "1s": refreshLeeway must be between 2s and 60s`,
	}},
	{"when refreshLeeway is over a minute", aRealm("sessions: {refreshLeeway: 61s}"), []string{
		`spec.sessions.refreshLeeway: Invalid value: "61s": refreshLeeway must be between 2s and 60s`,
	}},
	{"when refreshLeeway is in milliseconds", aRealm("sessions: {refreshLeeway: 5000ms}"), []string{
		`spec.sessions.refreshLeeway: Invalid value: "5000ms": refreshLeeway must be between 2s and 60s`,
		mismatch(`spec.sessions.refreshLeeway`, `"5000ms"`, durationPattern),
	}},
	{"when refreshLeeway is too long a text", aRealm("sessions: {refreshLeeway: 00000000000000010s}"), []string{
		`spec.sessions.refreshLeeway: Too long: may not be more than 16 bytes`,
	}},
	{"when cookieDomain is a single label", aRealm("sessions: {cookieDomain: com}"), []string{
		misses(`spec.sessions.cookieDomain`, `"com"`, cookieDomainSentence),
	}},
	{"when cookieDomain is in upper case", aRealm("sessions: {cookieDomain: Example.com}"), []string{
		misses(`spec.sessions.cookieDomain`, `"Example.com"`, cookieDomainSentence),
	}},
	{"when cookieDomain begins with a dot", aRealm("sessions: {cookieDomain: .example.com}"), []string{
		misses(`spec.sessions.cookieDomain`, `".example.com"`, cookieDomainSentence),
	}},
	{"when cookieDomain is empty", aRealm("sessions: {cookieDomain: ''}"), []string{
		misses(`spec.sessions.cookieDomain`, `""`, cookieDomainSentence),
	}},
	{"when cookieDomain is too long", aRealm("sessions: {cookieDomain: " + strings.Repeat("a.", 127) + "a}"), []string{
		`spec.sessions.cookieDomain: Too long: may not be more than 253 bytes`,
	}},
	{"when a redirect has no cookieDomain", aRealm("sessions: {allowedRedirects: [app.example.com]}"), []string{
		`spec.sessions.allowedRedirects: Invalid value: allowedRedirects needs sessions.cookieDomain, the parent domain that these hosts share`,
	}},
	{"when a redirect is outside cookieDomain", aRealm("sessions: {cookieDomain: example.com, allowedRedirects: [app.example.org]}"), []string{
		`spec.sessions.allowedRedirects: Invalid value: each host of allowedRedirects must be cookieDomain or lie within it`,
	}},
	{"when a redirect only ends like cookieDomain", aRealm("sessions: {cookieDomain: example.com, allowedRedirects: [evilexample.com]}"), []string{
		`spec.sessions.allowedRedirects: Invalid value: each host of allowedRedirects must be cookieDomain or lie within it`,
	}},
	{"when a redirect is a URL", aRealm("sessions: {cookieDomain: example.com, allowedRedirects: ['https://app.example.com']}"), []string{
		misses(`spec.sessions.allowedRedirects[0]`, `"https://app.example.com"`, redirectSentence),
	}},
	{"when a redirect is there twice", aRealm("sessions: {cookieDomain: example.com, allowedRedirects: [example.com, example.com]}"), []string{
		`spec.sessions.allowedRedirects[1]: Duplicate value: "example.com"`,
	}},
	{"when a redirect is too long", aRealm("sessions: {cookieDomain: example.com, allowedRedirects: [" + strings.Repeat("a.", 124) + "example.com]}"), []string{
		`spec.sessions.allowedRedirects[0]: Too long: may not be more than 253 bytes`,
	}},
	{"when there are 65 redirects", aRealm("sessions: {cookieDomain: example.com, allowedRedirects: [" + numbered("a%d.example.com", 65) + "]}"), []string{
		`spec.sessions.allowedRedirects: Too many: 65: must have at most 64 items`,
	}},

	{"when an identity header has an underscore", aRealm("identityHeaders: {user: Remote_User}"), []string{
		misses(`spec.identityHeaders.user`, `"Remote_User"`, headerSentence),
	}},
	{"when the UID's identity header is empty", aRealm("identityHeaders: {uid: ''}"), []string{
		`spec.identityHeaders.uid: Invalid value: "": spec.identityHeaders.uid in body should be at least 1 chars long`,
		misses(`spec.identityHeaders.uid`, `""`, headerSentence),
	}},
	{"when the user's identity header is empty", aRealm("identityHeaders: {user: ''}"), []string{
		`spec.identityHeaders.user: Invalid value: "": spec.identityHeaders.user in body should be at least 1 chars long`,
		misses(`spec.identityHeaders.user`, `""`, headerSentence),
	}},
	{"when the email's identity header is empty", aRealm("identityHeaders: {email: ''}"), []string{
		`spec.identityHeaders.email: Invalid value: "": spec.identityHeaders.email in body should be at least 1 chars long`,
		misses(`spec.identityHeaders.email`, `""`, headerSentence),
	}},
	{"when the groups' identity header is empty", aRealm("identityHeaders: {groups: ''}"), []string{
		`spec.identityHeaders.groups: Invalid value: "": spec.identityHeaders.groups in body should be at least 1 chars long`,
		misses(`spec.identityHeaders.groups`, `""`, headerSentence),
	}},
	{"when an identity header has a line break", aRealm(`identityHeaders: {email: "Remote-Email\r\nX"}`), []string{
		misses(`spec.identityHeaders.email`, `"Remote-Email\r\nX"`, headerSentence),
	}},
	{"when an identity header has a space", aRealm("identityHeaders: {uid: 'Remote Uid'}"), []string{
		misses(`spec.identityHeaders.uid`, `"Remote Uid"`, headerSentence),
	}},
	{"when an identity header has a colon", aRealm("identityHeaders: {groups: 'Remote-Groups:'}"), []string{
		misses(`spec.identityHeaders.groups`, `"Remote-Groups:"`, headerSentence),
	}},
	{"when the user's identity header is too long", aRealm("identityHeaders: {user: " + strings.Repeat("a", 65) + "}"), []string{
		`spec.identityHeaders.user: Too long: may not be more than 64 bytes`,
	}},
	{"when the UID's identity header is too long", aRealm("identityHeaders: {uid: " + strings.Repeat("a", 65) + "}"), []string{
		`spec.identityHeaders.uid: Too long: may not be more than 64 bytes`,
	}},
	{"when the email's identity header is too long", aRealm("identityHeaders: {email: " + strings.Repeat("a", 65) + "}"), []string{
		`spec.identityHeaders.email: Too long: may not be more than 64 bytes`,
	}},
	{"when the groups' identity header is too long", aRealm("identityHeaders: {groups: " + strings.Repeat("a", 65) + "}"), []string{
		`spec.identityHeaders.groups: Too long: may not be more than 64 bytes`,
	}},
	{"when the user goes into Authorization", aRealm("identityHeaders: {user: Authorization}"), []string{
		misses(`spec.identityHeaders.user`, `"Authorization"`, meaningSentence),
	}},
	{"when the UID goes into Set-Cookie", aRealm("identityHeaders: {uid: set-cookie}"), []string{
		misses(`spec.identityHeaders.uid`, `"set-cookie"`, meaningSentence),
	}},
	{"when the email goes into Content-Length", aRealm("identityHeaders: {email: CONTENT-LENGTH}"), []string{
		misses(`spec.identityHeaders.email`, `"CONTENT-LENGTH"`, meaningSentence),
	}},
	{"when the groups go into X-Latchkey-Reason", aRealm("identityHeaders: {groups: X-Latchkey-Reason}"), []string{
		misses(`spec.identityHeaders.groups`, `"X-Latchkey-Reason"`, meaningSentence),
	}},
	{"when an identity header is Host", aRealm("identityHeaders: {user: Host}"), []string{
		misses(`spec.identityHeaders.user`, `"Host"`, meaningSentence),
	}},
	{"when an identity header is X-Forwarded-For", aRealm("identityHeaders: {uid: X-Forwarded-For}"), []string{
		misses(`spec.identityHeaders.uid`, `"X-Forwarded-For"`, meaningSentence),
	}},
	{"when an identity header is X-Forwarded-Host", aRealm("identityHeaders: {email: X-Forwarded-Host}"), []string{
		misses(`spec.identityHeaders.email`, `"X-Forwarded-Host"`, meaningSentence),
	}},
	{"when an identity header is x-forwarded-uri", aRealm("identityHeaders: {groups: x-forwarded-uri}"), []string{
		misses(`spec.identityHeaders.groups`, `"x-forwarded-uri"`, meaningSentence),
	}},
	{"when an identity header is X-Original-URL", aRealm("identityHeaders: {user: X-Original-URL}"), []string{
		misses(`spec.identityHeaders.user`, `"X-Original-URL"`, meaningSentence),
	}},
	{"when an identity header is X-Accel-Redirect", aRealm("identityHeaders: {uid: X-Accel-Redirect}"), []string{
		misses(`spec.identityHeaders.uid`, `"X-Accel-Redirect"`, meaningSentence),
	}},
	{"when an identity header is X-Envoy-Auth-Headers-To-Remove", aRealm("identityHeaders: {email: X-Envoy-Auth-Headers-To-Remove}"), []string{
		misses(`spec.identityHeaders.email`, `"X-Envoy-Auth-Headers-To-Remove"`, meaningSentence),
	}},
	{"when an identity header is Connection", aRealm("identityHeaders: {groups: Connection}"), []string{
		misses(`spec.identityHeaders.groups`, `"Connection"`, meaningSentence),
	}},
	{"when an identity header is Transfer-Encoding", aRealm("identityHeaders: {user: Transfer-Encoding}"), []string{
		misses(`spec.identityHeaders.user`, `"Transfer-Encoding"`, meaningSentence),
	}},
	{"when an identity header is Content-Type", aRealm("identityHeaders: {uid: Content-Type}"), []string{
		misses(`spec.identityHeaders.uid`, `"Content-Type"`, meaningSentence),
	}},
	{"when an identity header is Cache-Control", aRealm("identityHeaders: {email: Cache-Control}"), []string{
		misses(`spec.identityHeaders.email`, `"Cache-Control"`, meaningSentence),
	}},
	{"when an identity header is WWW-Authenticate", aRealm("identityHeaders: {groups: WWW-Authenticate}"), []string{
		misses(`spec.identityHeaders.groups`, `"WWW-Authenticate"`, meaningSentence),
	}},
	{"when an identity header is Proxy-Authorization", aRealm("identityHeaders: {user: Proxy-Authorization}"), []string{
		misses(`spec.identityHeaders.user`, `"Proxy-Authorization"`, meaningSentence),
	}},
	{"when an identity header is Forwarded", aRealm("identityHeaders: {uid: Forwarded}"), []string{
		misses(`spec.identityHeaders.uid`, `"Forwarded"`, meaningSentence),
	}},
	{"when an identity header is Accept", aRealm("identityHeaders: {email: Accept}"), []string{
		misses(`spec.identityHeaders.email`, `"Accept"`, meaningSentence),
	}},
	{"when an identity header is Sec-Fetch-Site", aRealm("identityHeaders: {groups: Sec-Fetch-Site}"), []string{
		misses(`spec.identityHeaders.groups`, `"Sec-Fetch-Site"`, meaningSentence),
	}},
	{"when an identity header is Location", aRealm("identityHeaders: {user: Location}"), []string{
		misses(`spec.identityHeaders.user`, `"Location"`, meaningSentence),
	}},
	{"when an identity header is X-Request-Id", aRealm("identityHeaders: {uid: X-Request-Id}"), []string{
		misses(`spec.identityHeaders.uid`, `"X-Request-Id"`, meaningSentence),
	}},
	{"when an identity header is X-HTTP-Method-Override", aRealm("identityHeaders: {email: X-HTTP-Method-Override}"), []string{
		misses(`spec.identityHeaders.email`, `"X-HTTP-Method-Override"`, meaningSentence),
	}},
	{"when an identity header is If-None-Match", aRealm("identityHeaders: {groups: If-None-Match}"), []string{
		misses(`spec.identityHeaders.groups`, `"If-None-Match"`, meaningSentence),
	}},
	{"when two identity headers differ in case alone", aRealm("identityHeaders: {user: Remote-User, uid: remote-user}"), []string{
		`spec.identityHeaders: Invalid value: the four identity headers must have different names`,
	}},
	{"when an identity header is another's default", aRealm("identityHeaders: {user: X-Auth-Request-Email}"), []string{
		`spec.identityHeaders: Invalid value: the four identity headers must have different names`,
	}},

	{"when rotationPeriod is below an hour", aRealm("keys: {rotationPeriod: 59m}"), []string{
		`spec.keys.rotationPeriod: Invalid value: "59m": rotationPeriod must be between 1h and 8760h`,
		`spec.tokens.refreshTTL: Invalid value: refreshTTL must be at most 16 times keys.rotationPeriod`,
	}},
	{"when rotationPeriod is over a year", aRealm("keys: {rotationPeriod: 8761h}"), []string{
		`spec.keys.rotationPeriod: Invalid value: "8761h": rotationPeriod must be between 1h and 8760h`,
	}},
	{"when rotationPeriod is in days", aRealm("keys: {rotationPeriod: 30d}"), []string{
		`spec.keys.rotationPeriod: Invalid value: "30d": rotationPeriod must be between 1h and 8760h`,
		mismatch(`spec.keys.rotationPeriod`, `"30d"`, durationPattern),
	}},
	{"when rotationPeriod is too long a text", aRealm("keys: {rotationPeriod: 0000000000000720h}"), []string{
		`spec.keys.rotationPeriod: Too long: may not be more than 16 bytes`,
	}},
	{"when distrustBefore is on no calendar", aRealm("keys: {distrustBefore: '2026-02-30T00:00:00Z'}"), []string{
		`spec.keys.distrustBefore: Invalid value: "2026-02-30T00:00:00Z": spec.keys.distrustBefore in body must be of type date-time: "2026-02-30T00:00:00Z"`,
	}},
	{"when distrustBefore has an offset", aRealm("keys: {distrustBefore: '2026-01-02T15:04:05+01:00'}"), []string{
		mismatch(`spec.keys.distrustBefore`, `"2026-01-02T15:04:05+01:00"`, timePattern),
	}},
	{"when distrustBefore is in lower case", aRealm("keys: {distrustBefore: '2026-01-02t15:04:05z'}"), []string{
		mismatch(`spec.keys.distrustBefore`, `"2026-01-02t15:04:05z"`, timePattern),
		notATime("spec.keys.distrustBefore", isLowerCase),
	}},
	{"when distrustBefore has a fraction", aRealm("keys: {distrustBefore: '2026-01-02T15:04:05.5Z'}"), []string{
		mismatch(`spec.keys.distrustBefore`, `"2026-01-02T15:04:05.5Z"`, timePattern),
	}},

	{"when distrustBefore is a list", aRealm("keys: {distrustBefore: []}"), []string{
		notATime("spec.keys.distrustBefore", isAList),
	}},
	{"when distrustBefore is in the first year", aRealm("keys: {distrustBefore: '0001-01-01T00:00:00Z'}"), []string{
		mismatch("spec.keys.distrustBefore", `"0001-01-01T00:00:00Z"`, timePattern),
		`spec.keys.distrustBefore: Invalid value: "0001-01-01T00:00:00Z": distrustBefore must be a time such as 2026-01-02T15:04:05Z`,
	}},
	{"when minLength is 7", aRealm("passwords: {minLength: 7}"), []string{
		`spec.passwords.minLength: Invalid value: 7: spec.passwords.minLength in body should be greater than or equal to 8`,
	}},
	{"when minLength is 129", aRealm("passwords: {minLength: 129}"), []string{
		`spec.passwords.minLength: Invalid value: 129: spec.passwords.minLength in body should be less than or equal to 128`,
	}},

	{"when no failure is allowed", aRealm("lockout: {failures: 0}"), []string{
		`spec.lockout.failures: Invalid value: 0: spec.lockout.failures in body should be greater than or equal to 1`,
	}},
	{"when 1001 failures are allowed", aRealm("lockout: {failures: 1001}"), []string{
		`spec.lockout.failures: Invalid value: 1001: spec.lockout.failures in body should be less than or equal to 1000`,
	}},
	{"when the window is below a minute", aRealm("lockout: {window: 59s}"), []string{
		`spec.lockout.window: Invalid value: "59s": window must be between 1m and 24h`,
	}},
	{"when the window is over a day", aRealm("lockout: {window: 25h}"), []string{
		`spec.lockout.window: Invalid value: "25h": window must be between 1m and 24h`,
	}},
	{"when the window is in days", aRealm("lockout: {window: 1d}"), []string{
		mismatch(`spec.lockout.window`, `"1d"`, durationPattern),
		`spec.lockout.window: Invalid value: "1d": window must be between 1m and 24h`,
	}},
	{"when the window is too long a text", aRealm("lockout: {window: 00000000000000015m}"), []string{
		`spec.lockout.window: Too long: may not be more than 16 bytes`,
	}},
	{"when the duration is below a minute", aRealm("lockout: {duration: 59s}"), []string{
		`spec.lockout.duration: Invalid value: "59s": duration must be between 1m and 24h`,
	}},
	{"when the duration is over a day", aRealm("lockout: {duration: 25h}"), []string{
		`spec.lockout.duration: Invalid value: "25h": duration must be between 1m and 24h`,
	}},
	{"when the duration is in days", aRealm("lockout: {duration: 1d}"), []string{
		`spec.lockout.duration: Invalid value: "1d": duration must be between 1m and 24h`,
		mismatch(`spec.lockout.duration`, `"1d"`, durationPattern),
	}},
	{"when the duration is too long a text", aRealm("lockout: {duration: 00000000000000015m}"), []string{
		`spec.lockout.duration: Too long: may not be more than 16 bytes`,
	}},

	{"when everybody would be administrator", aRealm("adminRole: anonymous"), []string{
		`spec.adminRole: Invalid value: "anonymous": anonymous and authenticated are reserved: everybody holds them already, so leave the name out`,
	}},
	{"when every user would be administrator", aRealm("adminRole: authenticated"), []string{
		`spec.adminRole: Invalid value: "authenticated": anonymous and authenticated are reserved: everybody holds them already, so leave the name out`,
	}},
	{"when adminRole is empty", aRealm("adminRole: ''"), []string{
		`spec.adminRole: Invalid value: "": spec.adminRole in body should be at least 1 chars long`,
		misses(`spec.adminRole`, `""`, roleNameSentence),
	}},
	{"when adminRole is no role name", aRealm("adminRole: Admin"), []string{
		misses(`spec.adminRole`, `"Admin"`, roleNameSentence),
	}},
	{"when adminRole is too long", aRealm("adminRole: " + strings.Repeat("a", 64)), []string{
		`spec.adminRole: Too long: may not be more than 63 bytes`,
	}},
	{"when everybody could introspect", aRealm("introspectionRole: anonymous"), []string{
		`spec.introspectionRole: Invalid value: "anonymous": anonymous and authenticated are reserved: everybody holds them already, so leave the name out`,
	}},
	{"when every user could introspect", aRealm("introspectionRole: authenticated"), []string{
		`spec.introspectionRole: Invalid value: "authenticated": anonymous and authenticated are reserved: everybody holds them already, so leave the name out`,
	}},
	{"when introspectionRole is empty", aRealm("introspectionRole: ''"), []string{
		`spec.introspectionRole: Invalid value: "": spec.introspectionRole in body should be at least 1 chars long`,
		misses(`spec.introspectionRole`, `""`, roleNameSentence),
	}},
	{"when introspectionRole is no role name", aRealm("introspectionRole: a.b"), []string{
		misses(`spec.introspectionRole`, `"a.b"`, roleNameSentence),
	}},
	{"when introspectionRole is too long", aRealm("introspectionRole: " + strings.Repeat("a", 64)), []string{
		`spec.introspectionRole: Too long: may not be more than 63 bytes`,
	}},
}
