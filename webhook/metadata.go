package webhook

import (
	"net/http"

	"github.com/latchkey-auth/latchkey/webhook/directory"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

// publicFor lets verifiers keep keys and metadata for five minutes. A new key is
// published before it signs; one that replaces a lost key is an unknown kid, for which
// verifiers fetch anew.
const publicFor = "public, max-age=300"

// jwks publishes the realm's public keys (RFC 7517). Symmetric keys never appear.
func (s *Service) jwks(w http.ResponseWriter, _ *http.Request, realm *directory.Realm, _ *call) error {
	keys := realm.Keys()
	if keys == nil {
		return unavailable(errUnusable("it has no signing keys yet"))
	}
	w.Header().Set("Cache-Control", publicFor)
	writeRaw(w, http.StatusOK, keys.JWKS())
	return nil
}

// discovery is the realm's metadata (OpenID Connect Discovery, RFC 8414): what
// kube-apiserver's own issuer says, where tokens can be introspected, and no more.
func (s *Service) discovery(w http.ResponseWriter, _ *http.Request, realm *directory.Realm, _ *call) error {
	keys := realm.Keys()
	if keys == nil {
		return unavailable(errUnusable("it has no signing keys yet"))
	}
	base := s.base(realm.Namespace())
	w.Header().Set("Cache-Control", publicFor)
	writeJSON(w, http.StatusOK, struct {
		Issuer        string            `json:"issuer"`
		JWKSURI       string            `json:"jwks_uri"`
		ResponseTypes []string          `json:"response_types_supported"`
		SubjectTypes  []string          `json:"subject_types_supported"`
		Algorithms    []token.Algorithm `json:"id_token_signing_alg_values_supported"`
		Introspection string            `json:"introspection_endpoint"`
	}{realm.Settings().Issuer, base + "/jwks", []string{"id_token"}, []string{"public"}, keys.Algorithms(), base + "/introspect"})
	return nil
}
