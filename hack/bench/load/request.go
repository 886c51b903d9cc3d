package load

import "fmt"

// Token is a bearer token and the user whom the answer to it must name.
type Token struct{ User, Text string }

// Request is the bytes that are sent and what must be among those that come back.
type Request struct{ bytes, proof []byte }

// Requests are GETs of target at host, one with each of tokens, and with further header lines,
// each of which ends in CR LF.
func Requests(host, target, header string, tokens []Token) []Request {
	all := make([]Request, len(tokens))
	for i, t := range tokens {
		all[i] = Request{
			bytes: fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s\r\n", target, host, t.Text, header),
			proof: fmt.Appendf(nil, "\r\nX-Auth-Request-User: %s\r\n", t.User),
		}
	}
	return all
}
