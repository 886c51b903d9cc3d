package extauthz_test

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"

	"github.com/latchkey-auth/latchkey/webhook"
	"github.com/latchkey-auth/latchkey/webhook/extauthz"
	"github.com/latchkey-auth/latchkey/webhook/proxy"
)

// asker stands in for the service: it keeps what it was asked and answers as it is told.
type asker struct {
	question webhook.Question
	header   http.Header
	from     string
	answer   http.HandlerFunc
}

func (a *asker) Ask(w http.ResponseWriter, r *http.Request, q webhook.Question) {
	a.question, a.header, a.from = q, r.Header, r.RemoteAddr
	a.answer(w, r)
}

func (a *asker) client(t *testing.T) authv3.AuthorizationClient {
	t.Helper()
	return authv3.NewAuthorizationClient(dial(t, serve(t, extauthz.Config{Asker: a})))
}

func refuse(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }

func TestAMessageAsksWhatARequestWould(t *testing.T) {
	a := &asker{answer: refuse}
	client := a.client(t)
	headers := []string{
		"authorization", "Bearer x", "cookie", "a=b", "accept", "text/html", "x-request-id", "0123456789", "x-forwarded-for", "192.0.2.1",
		"x-auth-request-user", "admin", "x-original-url", "https://evil/", "x-forwarded-host", "evil", "x-forwarded-proto", "javascript", "x-real-ip", "127.0.0.1", "forwarded", "for=127.0.0.1",
	}
	for name, in := range map[string]*authv3.CheckRequest{
		"joined headers": asks("DELETE", "App.Example.com:8443", "/a//b;c?d", headers...),
		"raw headers":    apart("DELETE", "App.Example.com:8443", "/a//b;c?d", headers...),
	} {
		check(t, client, in)

		want := webhook.Question{Endpoint: "grpc", Shows: true, Original: proxy.Original{Method: "DELETE", Scheme: "https", Host: "App.Example.com:8443", Target: "/a//b;c?d"}}
		if !reflect.DeepEqual(a.question, want) {
			t.Errorf("%s: asked %+v, want %+v", name, a.question, want)
		}
		passed := http.Header{"Authorization": {"Bearer x"}, "Cookie": {"a=b"}, "Accept": {"text/html"}, "X-Request-Id": {"0123456789"}, "X-Forwarded-For": {"192.0.2.1"}}
		if !reflect.DeepEqual(a.header, passed) {
			t.Errorf("%s: passed %v, want %v", name, a.header, passed)
		}
		if a.from == "" {
			t.Errorf("%s: from nowhere", name)
		}
	}
}

func TestAMessageThatIsNoRequestIsRefused(t *testing.T) {
	w := newWorld(t)
	client := w.client(t)
	public := func(change func(*authv3.AttributeContext_HttpRequest)) *authv3.CheckRequest {
		in := asks("GET", app, "/public/x")
		change(in.GetAttributes().GetRequest().GetHttp())
		return in
	}
	header := func(name, value string) *authv3.CheckRequest {
		return public(func(r *authv3.AttributeContext_HttpRequest) { r.Headers[name] = value })
	}
	entry := func(h *corev3.HeaderValue) *authv3.CheckRequest {
		in := apart("GET", app, "/public/x")
		m := in.GetAttributes().GetRequest().GetHttp().GetHeaderMap()
		m.Headers = append(m.GetHeaders(), h)
		return in
	}
	for name, test := range map[string]struct {
		in     *authv3.CheckRequest
		reason string
	}{
		"nothing":                              {&authv3.CheckRequest{}, "attribute_missing"},
		"no request":                           {&authv3.CheckRequest{Attributes: &authv3.AttributeContext{}}, "attribute_missing"},
		"a TCP connection":                     {&authv3.CheckRequest{Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{}}}, "attribute_missing"},
		"no method":                            {asks("", app, "/public/x"), "attribute_missing"},
		"no host":                              {asks("GET", "", "/public/x"), "attribute_missing"},
		"no path":                              {asks("GET", app, ""), "attribute_missing"},
		"CONNECT":                              {asks("CONNECT", app, "app.example.com:443"), "attribute_malformed"},
		"OPTIONS *":                            {asks("OPTIONS", app, "*"), "attribute_malformed"},
		"a query only":                         {asks("GET", app, "?/public/x"), "attribute_malformed"},
		"an absolute path":                     {asks("GET", app, "https://app.example.com/public/x"), "attribute_malformed"},
		"K45 another scheme":                   {public(func(r *authv3.AttributeContext_HttpRequest) { r.Scheme = "javascript" }), "attribute_malformed"},
		"K25 another path among the headers":   {header(":path", "/admin"), "attribute_mismatch"},
		"K25 another host among the headers":   {header(":authority", "evil"), "attribute_mismatch"},
		"K25 a Host header of its own":         {header("host", "evil"), "attribute_mismatch"},
		"K25 another method among the headers": {header(":method", "DELETE"), "attribute_mismatch"},
		"K23 a second path among raw headers":  {entry(&corev3.HeaderValue{Key: ":path", RawValue: []byte("/admin")}), "attribute_mismatch"},
		"a path whose raw bytes are no UTF-8":  {entry(&corev3.HeaderValue{Key: ":path", RawValue: []byte("/public/\xff")}), "attribute_mismatch"},
		"a raw header with two values":         {entry(&corev3.HeaderValue{Key: "cookie", Value: "a=b", RawValue: []byte("c=d")}), "message_malformed"},
		"headers in both forms":                {public(func(r *authv3.AttributeContext_HttpRequest) { r.HeaderMap = &corev3.HeaderMap{} }), "message_malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			a := check(t, client, test.in)

			if a.status != 403 || a.header.Get("X-Latchkey-Reason") != test.reason {
				t.Errorf("got %d %q, want 403 %s", a.status, a.header.Get("X-Latchkey-Reason"), test.reason)
			}
			if !slices.Contains(proxy.Reasons(), test.reason) {
				t.Errorf("%s is not a listed reason", test.reason)
			}
		})
	}
}

func TestAttributesAloneAreEnough(t *testing.T) {
	w := newWorld(t)
	in := asks("GET", app, "/public/x")
	in.GetAttributes().GetRequest().GetHttp().Headers = nil // allowed_headers lets none through

	if a := check(t, w.client(t), in); a.status != 200 {
		t.Errorf("got %d %v, want 200", a.status, a.header)
	}
}

// rawBytes is a message that is sent as it is.
type rawBytes []byte

// rawCodec sends rawBytes and reads a CheckResponse.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) ([]byte, error) { return v.(rawBytes), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	return unmarshal(data, v.(*authv3.CheckResponse))
}

func TestBytesThatAreNoMessageAreRefused(t *testing.T) {
	w := newWorld(t)
	conn := dial(t, serve(t, extauthz.Config{Asker: w.service}))
	noUTF8 := marshal(t, asks("GET", app, "/public/x", "accept", "%%%"))
	for i := range noUTF8 {
		if noUTF8[i] == '%' {
			noUTF8[i] = 0xff
		}
	}
	for name, message := range map[string][]byte{"no UTF-8": noUTF8, "a cut message": noUTF8[:50], "junk": {0xff, 0xff, 0xff}} {
		out := &authv3.CheckResponse{}
		err := conn.Invoke(context.Background(), authv3.Authorization_Check_FullMethodName, rawBytes(message), out, grpc.ForceCodec(rawCodec{}))
		if err != nil {
			t.Errorf("%s: a gRPC error, which failure_mode_allow lets through: %v", name, err)
			continue
		}
		if a := read(t, out); a.status != 403 || a.header.Get("X-Latchkey-Reason") != "message_malformed" {
			t.Errorf("%s: got %d %v, want 403 message_malformed", name, a.status, a.header)
		}
	}
}
