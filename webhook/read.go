package webhook

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"
)

// maxBody is the most that a request body may hold, in bytes.
const maxBody = 64 << 10

// readForm reads a form body, each of whose parameters came once (RFC 6749 section 3.2).
// A query is refused: secrets don't belong into URLs.
func readForm(r *http.Request, query string) (map[string]string, error) {
	if query != "" {
		return nil, badRequest("Send the parameters in the body, not in the URL")
	}
	if mediaType(r) != "application/x-www-form-urlencoded" {
		return nil, badRequest("Send a form: Content-Type: application/x-www-form-urlencoded")
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, badRequest("The form is malformed")
	}
	form := make(map[string]string, len(values))
	for name, all := range values {
		if len(all) != 1 {
			return nil, badRequest("A parameter came more than once")
		}
		form[name] = all[0]
	}
	return form, nil
}

// readJSON reads one JSON object into v: no unknown, repeated or case-folded member, and
// nothing behind it.
func readJSON(r *http.Request, v any, mediaTypes ...string) error {
	known := false
	for _, t := range mediaTypes {
		known = known || mediaType(r) == t
	}
	if !known {
		return badRequest("Send JSON: Content-Type: " + mediaTypes[0])
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v, json.RejectUnknownMembers(true)); err != nil {
		return &failure{
			status: http.StatusBadRequest, code: codeInvalidRequest,
			description: "The body is not one JSON object with known members of the right type, each at most once",
		}
	}
	return nil
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &failure{status: http.StatusRequestEntityTooLarge, code: codeInvalidRequest, description: "The body is larger than 64 KiB"}
	case err != nil:
		return nil, badRequest("The body can't be read")
	}
	return body, nil
}

func mediaType(r *http.Request) string {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}
