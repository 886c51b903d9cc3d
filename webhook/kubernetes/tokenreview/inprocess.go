package tokenreview

import (
	"bytes"
	"io"
	"net/http"
)

// HandlerTransport is a way to the service from within its own process: what is asked by
// it, Handler answers, without a connection.
type HandlerTransport struct{ Handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t HandlerTransport) RoundTrip(asked *http.Request) (*http.Response, error) {
	if err := asked.Context().Err(); err != nil {
		return nil, err
	}
	request := asked.Clone(asked.Context())
	request.RequestURI, request.Host, request.RemoteAddr = asked.URL.RequestURI(), asked.URL.Host, "127.0.0.1:0"
	if request.Body == nil {
		request.Body = http.NoBody
	}
	heard := &recorder{header: http.Header{}, status: http.StatusOK}
	t.Handler.ServeHTTP(heard, request)
	return &http.Response{
		Status: http.StatusText(heard.status), StatusCode: heard.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: heard.header, Body: io.NopCloser(&heard.body), ContentLength: int64(heard.body.Len()),
		Request: asked,
	}, nil
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) { r.status = status }
