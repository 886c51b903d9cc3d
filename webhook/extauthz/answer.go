package extauthz

import (
	"bytes"
	"net/http"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
)

// recorder keeps an answer as it would be written over HTTP. Until a status is written it is
// a refusal.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

// response says the answer in Envoy's words. What isn't one of the answers to a check is a
// refusal.
func (w *recorder) response() *authv3.CheckResponse {
	switch w.status {
	case http.StatusOK:
		return w.allow()
	case http.StatusUnauthorized, http.StatusFound:
		return w.deny(codes.Unauthenticated)
	case http.StatusForbidden:
		return w.deny(codes.PermissionDenied)
	default:
		return failed()
	}
}

// allow passes every identity header to the app: one with a value replaces what the client
// sent, and one without is removed. Nothing else is passed on.
func (w *recorder) allow() *authv3.CheckResponse {
	allowing := &allowance{}
	ok := &allowing.ok
	options := make([]option, len(w.header)) // one allocation for all headers
	for name, values := range w.header {
		switch {
		case name == "Cache-Control":
		case len(values) == 1 && values[0] != "":
			o := &options[len(ok.Headers)]
			o.fill(name, values[0])
			ok.Headers = append(ok.Headers, &o.HeaderValueOption)
		default:
			ok.HeadersToRemove = append(ok.HeadersToRemove, strings.ToLower(name))
		}
	}
	allowing.oneof.OkResponse = ok
	allowing.response.Status, allowing.response.HttpResponse = &allowing.status, &allowing.oneof
	return &allowing.response
}

// allowance is an allowing answer in one allocation. Its zero status is OK.
type allowance struct {
	response authv3.CheckResponse
	status   rpcstatus.Status
	oneof    authv3.CheckResponse_OkResponse
	ok       authv3.OkHttpResponse
}

// option is a header of an answer.
type option struct {
	corev3.HeaderValueOption

	value corev3.HeaderValue
}

// fill makes o the header that replaces all of its name. A value must be UTF-8, or there would be
// no message.
func (o *option) fill(name, value string) {
	o.value.Key, o.value.Value = strings.ToLower(name), strings.ToValidUTF8(value, "?")
	o.Header, o.AppendAction = &o.value, corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
}

// deny passes the whole answer to the client.
func (w *recorder) deny(code codes.Code) *authv3.CheckResponse {
	denied := &authv3.DeniedHttpResponse{
		Status: &typev3.HttpStatus{Code: typev3.StatusCode(w.status)},
		Body:   strings.ToValidUTF8(w.body.String(), "?"),
	}
	for name, values := range w.header {
		switch {
		case name == "Content-Length": // Envoy's to say
		case name == "Set-Cookie": // the one header that no comma can join
			for _, value := range values {
				cookie := set(name, value)
				cookie.AppendAction = corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD
				denied.Headers = append(denied.Headers, cookie)
			}
		default:
			denied.Headers = append(denied.Headers, set(name, strings.Join(values, ", ")))
		}
	}
	return refusal(code, denied)
}

// failed is the refusal where there is no answer: a bug.
func failed() *authv3.CheckResponse {
	return refusal(codes.PermissionDenied, &authv3.DeniedHttpResponse{
		Status:  &typev3.HttpStatus{Code: typev3.StatusCode_Forbidden},
		Headers: []*corev3.HeaderValueOption{set("Cache-Control", "no-store"), set("X-Latchkey-Reason", "internal_error")},
	})
}

func refusal(code codes.Code, denied *authv3.DeniedHttpResponse) *authv3.CheckResponse {
	return &authv3.CheckResponse{
		Status:       &rpcstatus.Status{Code: int32(code)},
		HttpResponse: &authv3.CheckResponse_DeniedResponse{DeniedResponse: denied},
	}
}

// set is a header that replaces all of its name.
func set(name, value string) *corev3.HeaderValueOption {
	o := &option{}
	o.fill(name, value)
	return &o.HeaderValueOption
}
