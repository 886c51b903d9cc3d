package urlpath_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"

	"golang.org/x/text/unicode/norm"
)

// backend models how a server, with whatever proxy stands before it, makes the path
// that it serves of a raw target. It returns "" where the server refuses. Models are
// built to be more lenient than the real ones: what a model reads some version once
// read.
type backend struct {
	read func(target string) string
	// fooled is a target below /public that this model reads as /admin.
	fooled string
}

var backends = map[string]backend{
	"nginx with merge_slashes":     {func(s string) string { return resolveDots(mergeSlashes(nginxDecode(s))) }, "/public//../../admin"},
	"nginx without merge_slashes":  {func(s string) string { return resolveDots(nginxDecode(s)) }, "/public/%2e%2e/admin"},
	"Go's ServeMux and FileServer": {goFileServer, "/public/..%2fadmin"},
	"Caddy":                        {func(s string) string { return clean(slashes(decode(cutQuery(s)))) }, "/public/%2e%2e%5cadmin"},
	"Apache that decodes slashes":  {func(s string) string { return resolveDots(mergeSlashes(decode(cutQuery(s)))) }, "/public%2f%2f..%2fadmin"},
	"Apache 2.4.50":                {func(s string) string { return resolveDots(decode(resolveDots(mergeSlashes(decode(cutQuery(s)))))) }, "/public/.%%32%65/admin"},
	"Envoy that unescapes slashes": {func(s string) string {
		return decode(mergeSlashes(resolveDots(dotsDecoded(slashes(slashesDecoded(cutQuery(s)))))))
	}, "/public%5c%2e%2e%2Fadmin"},
	"Envoy that only resolves": {func(s string) string { return decode(resolveDots(dotsDecoded(cutQuery(s)))) }, "/public/%2E%2e/admin"},
	"Traefik's cleaning":       {func(s string) string { return decode(clean(dotsDecoded(cutQuery(cutFragment(s))))) }, "/public/.//%2e./admin"},
	"HAProxy's normalize-uri": {func(s string) string {
		return decode(resolveDots(mergeSlashes(dotsDecoded(cutFragment(cutQuery(s))))))
	}, "/public//%2e%2e/admin"},
	"Tomcat, parameters first": {func(s string) string { return resolveDots(mergeSlashes(decode(dropParameters(cutQuery(s))))) }, "/public/..;x=y/admin"},
	"Tomcat, parameters last":  {func(s string) string { return resolveDots(mergeSlashes(dropParameters(decode(cutQuery(s))))) }, "/public/..%3b/admin"},
	"Spring that trims segments": {func(s string) string {
		return resolveDots(mergeSlashes(eachSegment(dropParameters(decode(cutQuery(s))), trimmed)))
	}, "/public/%20..%20/admin"},
	"IIS":                    {func(s string) string { return resolveDots(mergeSlashes(slashes(decode(cutQuery(s))))) }, `/public/..%5cadmin`},
	"IIS that decodes twice": {func(s string) string { return resolveDots(mergeSlashes(slashes(decode(decode(cutQuery(s)))))) }, "/public/..%255cadmin"},
	"ASP.NET with sessions in the path": {func(s string) string {
		return resolveDots(mergeSlashes(slashes(cookieless.ReplaceAllString(decode(cutQuery(s)), ""))))
	}, "/public/../(S(x))/admin"},
	"ASP.NET Core":      {func(s string) string { return resolveDots(decode(cutQuery(s))) }, "/public/%2E%2E/admin"},
	"files on Windows":  {func(s string) string { return windows(decode(cutQuery(s))) }, "/public/..%20/admin"},
	"PHP on Windows":    {func(s string) string { return windows(decode(pluses(cutQuery(s)))) }, "/public/..+/admin"},
	"Windows' best fit": {func(s string) string { return windows(bestFit.Replace(decode(cutQuery(s)))) }, "/public/..¥admin"},
	"one that normalises to NFKC": {func(s string) string {
		return resolveDots(mergeSlashes(slashes(norm.NFKC.String(decode(cutQuery(s))))))
	}, "/public/．．／admin"},
	"one that normalises to NFC, then drops parameters": {func(s string) string {
		return resolveDots(mergeSlashes(dropParameters(norm.NFC.String(decode(cutQuery(s))))))
	}, "/public/..%cd%be/admin"},
	"files on HFS+": {func(s string) string { return resolveDots(norm.NFC.String(invisible.Replace(decode(cutQuery(s))))) }, "/public/.%e2%80%8c./admin"},
	"Node with new URL": {func(s string) string {
		return decode(resolveDots(dotsDecoded(slashes(stripTabs(cutQuery(cutFragment(s)))))))
	}, `/public\.%2E\admin`},
	"Node with url.parse":         {func(s string) string { return clean(decode(cutQuery(cutFragment(s)))) }, "/public/../admin#/x"},
	"Node that decodes twice":     {func(s string) string { return resolveDots(decode(decode(cutQuery(cutFragment(s))))) }, "/public/%252e%252e/admin"},
	"Rack":                        {func(s string) string { return clean(slashes(decode(cutQuery(s)))) }, `/public/..\admin`},
	"Werkzeug":                    {func(s string) string { return mergeSlashes(resolveDots(decode(cutQuery(s)))) }, "/public/../%2fadmin"},
	"one that decodes, then cuts": {func(s string) string { return resolveDots(cutFragment(cutQuery(decode(s)))) }, "/public/../admin%3fx"},
	"one in C":                    {func(s string) string { return resolveDots(cutAtNUL(decode(cutQuery(s)))) }, "/public/../admin%00/x"},
	"one in C that skips controls": {func(s string) string {
		return resolveDots(stripTabs(decode(cutQuery(s))))
	}, "/public/.%0a./admin"},
	"one that reads overlong UTF-8": {func(s string) string { return resolveDots(overlong.Replace(decode(cutQuery(s)))) }, "/public/%c0%ae%c0%ae%c0%afadmin"},
	"one that reads forms":          {func(s string) string { return resolveDots(eachSegment(decode(pluses(cutQuery(s))), trimmed)) }, "/public/+../admin"},
	"one that joins a base":         {func(s string) string { return clean("/base/../" + decode(cutQuery(s))) }, "/public/./..//admin"},
}

// goFileServer asks the real ServeMux, follows where it redirects to, and cleans as
// http.FileServer does.
func goFileServer(target string) (served string) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { served = clean(r.URL.Path) })
	for range 3 {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" {
			return ""
		}
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, &http.Request{Method: http.MethodGet, URL: u, Host: app, RequestURI: target})
		if target = answer.Header().Get("Location"); target == "" {
			return served
		}
	}
	return ""
}
