package extauthz_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"

	"github.com/latchkey-auth/latchkey/webhook/extauthz"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// FuzzCheckRequest holds, for any bytes that come as a check: they are answered by a message,
// with a status that a check may have; and what is allowed would be allowed if the same request
// were asked about over HTTP.
func FuzzCheckRequest(f *testing.F) {
	for _, in := range []*authv3.CheckRequest{
		{},
		asks("GET", app, "/public/x"),
		asks("GET", app, "/reports/q3?x=1", "authorization", "Bearer TOKEN"),
		asks("GET", app, "/reports/q3", "authorization", "Bearer TOKEN", "authorization", "Bearer x"),
		asks("GET", app, "/reports/q3", "cookie", "a=b; __Host-latchkey=COOKIE; c=d,e"),
		asks("GET", app, "/reports/q3", "cookie", "__Host-latchkey=COOKIE; a=b", "cookie", "__Host-latchkey=x"),
		asks("GET", "APP.example.com.:8443", "/reports//;a=%2f../", "accept", "text/html", "x-forwarded-for", "192.0.2.1"),
		apart("GET", app, "/reports/q3", "authorization", "Bearer TOKEN"),
		apart("GET", app, "/reports/q3", "cookie", "a=b", "cookie", "__Host-latchkey=COOKIE"),
		with(asks("DELETE", app, "/x", "authorization", "Bearer TOKEN"), "role", "admin,viewer"),
		with(asks("DELETE", app, "/x", "authorization", "Bearer TOKEN"), "role", ""),
		with(asks("GET", app, "/public/x"), "realm", team),
		with(asks("GET", app, "/public/x"), "realm", home, "role", "viewer", "x", "y"),
	} {
		f.Add(marshal(f, in))
	}
	w := newWorld(f)
	conn := dial(f, serve(f, extauthz.Config{Asker: w.service}))
	known := strings.NewReplacer("TOKEN", w.token(f, home, "vera", token.Access), "COOKIE", w.token(f, home, "vera", token.Session))
	f.Fuzz(func(t *testing.T, message []byte) {
		in := &authv3.CheckRequest{}
		readable := unmarshal(message, in) == nil
		if readable {
			fill(in, known)
			message = marshal(t, in)
		}
		if len(message) > 200<<10 {
			t.Skip("beyond what Envoy sends")
		}
		out := &authv3.CheckResponse{}
		if err := conn.Invoke(context.Background(), authv3.Authorization_Check_FullMethodName, rawBytes(message), out, grpc.ForceCodec(rawCodec{})); err != nil {
			t.Fatalf("a gRPC error, which failure_mode_allow lets through: %v", err)
		}
		a := read(t, out)
		switch {
		case !slices.Contains([]int{200, 302, 401, 403}, a.status):
			t.Fatalf("status %d", a.status)
		case a.status == 200 && !readable:
			t.Fatal("allowed without a message")
		case a.status == 200:
			if status := w.overHTTP(in); status != 200 {
				t.Fatalf("allowed %v, which is %d over HTTP", in, status)
			}
		}
	})
}

// fill puts real credentials where a message names them, since no mutation would find one.
func fill(in *authv3.CheckRequest, known *strings.Replacer) {
	r := in.GetAttributes().GetRequest().GetHttp()
	for name, value := range r.GetHeaders() {
		r.Headers[name] = known.Replace(value)
	}
	for _, h := range r.GetHeaderMap().GetHeaders() {
		h.Value, h.RawValue = known.Replace(h.GetValue()), []byte(known.Replace(string(h.GetRawValue())))
	}
}

// overHTTP is the answer to the same question asked over HTTP.
func (w *world) overHTTP(in *authv3.CheckRequest) int {
	r, extensions := in.GetAttributes().GetRequest().GetHttp(), in.GetAttributes().GetContextExtensions()
	target := ""
	if realm, found := extensions["realm"]; found {
		target = "/realms/" + realm
	}
	if roles, found := extensions["role"]; found {
		target += "/check/role/" + roles
	} else {
		target += "/check/envoy" + r.GetPath()
	}
	header := http.Header{}
	for name, value := range r.GetHeaders() {
		header.Add(name, value)
	}
	for _, h := range r.GetHeaderMap().GetHeaders() {
		header.Add(h.GetKey(), h.GetValue()+string(h.GetRawValue()))
	}
	answer := httptest.NewRecorder()
	w.service.ServeHTTP(answer, &http.Request{Method: r.GetMethod(), Host: r.GetHost(), RequestURI: target, URL: &url.URL{}, Header: header, Body: http.NoBody})
	return answer.Code
}
