package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/latchkey-auth/latchkey/webhook/token"
)

// holder is somebody else's type that keeps secrets in fields, where fmt can't
// call their methods if the field is unexported.
type holder struct {
	document   token.Document
	generation token.Generation
	ring       *token.Ring
	pointer    *token.Document
	value      token.Ring
}

func TestSecrets_print_as_redacted(t *testing.T) {
	keys := everyGeneration()
	document := keys.parse(t)
	ring := keys.ring(t, nil)
	for name, value := range map[string]any{
		"a document":                document,
		"a pointer to a document":   &document,
		"a generation":              document.Generations[0],
		"a pointer to a generation": &document.Generations[0],
		"a ring":                    ring,
	} {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%10v"} {
				if got := fmt.Sprintf(verb, value); got != "[redacted]" {
					t.Errorf("%s printed %s", verb, got)
				}
			}
			for encoder, encode := range map[string]func(any) ([]byte, error){
				"encoding/json": json.Marshal,
				"json v2":       func(v any) ([]byte, error) { return jsonv2.Marshal(v) },
			} {
				if got, err := encode(value); err != nil || string(got) != `"[redacted]"` {
					t.Errorf("%s encoded %s, %v", encoder, got, err)
				}
			}
			if got := slog.AnyValue(value).Resolve().String(); got != "[redacted]" {
				t.Errorf("slog resolved %s", got)
			}
			for handler, got := range logged(value) {
				if !strings.Contains(got, "[redacted]") {
					t.Errorf("%s logged %s", handler, got)
				}
			}
		})
	}
}

func TestSecrets_do_not_leak_from_the_fields_of_others(t *testing.T) {
	keys := everyGeneration()
	document := keys.parse(t)
	held := holder{document, document.Generations[0], keys.ring(t, nil), &document, *keys.ring(t, nil)}
	printed := logged(held)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		printed[verb] = fmt.Sprintf(verb, held) + fmt.Sprintf(verb, &held) + fmt.Sprintf(verb, []holder{held}) +
			fmt.Sprintf(verb, document.Generations)
	}
	for how, text := range printed {
		for _, g := range keys.Generations {
			for _, secret := range [][]byte{g.SigningKey, g.InternalKey} {
				if leaks(text, secret) {
					t.Errorf("%s prints a key of %s", how, g.ID)
				}
			}
		}
	}
}

func TestParseDocument_quotes_no_secret_in_an_error(t *testing.T) {
	valid := aDocument(aGeneration("a", token.ES256, token.Active), aGeneration("b", token.EdDSA, token.Next), aGeneration("c", token.HS256, token.Next))
	text := valid.text()
	for i := range text { // a document that is damaged at any one byte
		damaged := bytes.Clone(text)
		damaged[i] ^= 0x15
		_, err := token.ParseDocument(damaged)
		if err == nil {
			continue
		}
		for _, g := range valid.Generations {
			if leaks(err.Error(), g.SigningKey) || leaks(err.Error(), g.InternalKey) {
				t.Fatalf("damaged at %d: the error quotes a key of %s: %s", i, g.ID, err)
			}
		}
	}
}

// leaks reports whether text holds twelve bytes of secret from anywhere within
// it, in a form that somebody could read.
func leaks(text string, secret []byte) bool {
	const piece = 12
	for i := 0; i+piece <= len(secret); i += 3 { // on base64's own boundaries
		part := secret[i : i+piece]
		decimal := strings.Trim(fmt.Sprint(part), "[]")
		for _, form := range []string{
			string(part), base64.StdEncoding.EncodeToString(part), base64.RawURLEncoding.EncodeToString(part),
			hex.EncodeToString(part), decimal, strings.ReplaceAll(decimal, " ", ", "), strings.Trim(fmt.Sprintf("%#v", part), "[]byte{}"),
		} {
			if strings.Contains(text, form) {
				return true
			}
		}
	}
	return false
}

func TestLeaks_finds_secrets(t *testing.T) {
	secret := rawInternalKey("canary")
	for _, verb := range []string{"%v", "%#v", "%s", "%x", "%d"} {
		if !leaks(fmt.Sprintf(verb, struct{ k []byte }{secret}), secret) {
			t.Errorf("not found when printed with %s", verb)
		}
	}
}

func logged(value any) map[string]string {
	var text, structured bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("test", "value", value)
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("test", "value", value)
	return map[string]string{"slog as text": text.String(), "slog as JSON": structured.String()}
}
