package webhook_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
	"github.com/latchkey-auth/latchkey/webhook/token"
)

var secretKind = schema.GroupVersionKind{Version: "v1", Kind: "Secret"}

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// with returns jwt with another header, signed by sign over the new text.
func with(jwt, header string, sign func(signed string) []byte) string {
	signed := segment([]byte(header)) + "." + strings.Split(jwt, ".")[1]
	return signed + "." + segment(sign(signed))
}

func hs256(key []byte) func(string) []byte {
	return func(signed string) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(signed))
		return mac.Sum(nil)
	}
}

var _ = Describe("A token that Latchkey didn't make", Ordered, func() {
	var r realm
	var valid, kid string
	var public *ecdsa.PublicKey

	refused := func(jwt string) {
		GinkgoHelper()
		Expect(get(r.url("/check/role/authenticated"), bearer(jwt)...)).To(beADenial(401, ""))
		Expect(get(r.url("/profile"), bearer(jwt)...).Status).To(Equal(http.StatusUnauthorized))
		Expect(get(opsURL + "/healthz").Status).To(Equal(http.StatusOK))
	}

	BeforeAll(func(ctx SpecContext) {
		r = aRealm(ctx)
		r.user(ctx, "alice", "viewer")
		valid = r.in("alice").access
		set := jose.JSONWebKeySet{}
		Expect(json.Unmarshal([]byte(get(r.url("/jwks")).Body), &set)).To(Succeed())
		Expect(set.Keys).To(HaveLen(1))
		kid = set.Keys[0].KeyID
		public = set.Keys[0].Key.(*ecdsa.PublicKey)
	})

	It("is refused without a signature (J02, J03, J04, J05)", func() {
		parts := strings.Split(valid, ".")
		for _, alg := range []string{"none", "None", "NONE", "nOnE"} {
			header := fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"at+jwt"}`, alg, kid)
			refused(with(valid, header, func(string) []byte { return nil }))
			refused(with(valid, header, func(string) []byte { return decode(parts[2]) }))
		}
		refused(parts[0] + "." + parts[1] + ".")
		refused(parts[0] + "." + parts[1])
	})

	It("is refused if an HMAC is made with what is public (J06, J07, J08)", func() {
		der, err := x509.MarshalPKIXPublicKey(public)
		Expect(err).NotTo(HaveOccurred())
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		point, err := public.Bytes()
		Expect(err).NotTo(HaveOccurred())
		jwks := []byte(get(r.url("/jwks")).Body)
		for _, key := range [][]byte{text, []byte(strings.TrimSpace(string(text))), der, point[1:], jwks, {}} {
			for _, id := range []string{kid, ""} {
				refused(with(valid, fmt.Sprintf(`{"alg":"HS256","kid":%q,"typ":"at+jwt"}`, id), hs256(key)))
			}
		}
	})

	It("is refused under a foreign, hostile or missing kid (J16, J18, J22), and never causes a fetch (J12, J19)", func() {
		foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		Expect(err).NotTo(HaveOccurred())
		sign := func(signed string) []byte {
			digest := sha256.Sum256([]byte(signed))
			a, b, err := ecdsa.Sign(rand.Reader, foreign, digest[:])
			Expect(err).NotTo(HaveOccurred())
			return append(a.FillBytes(make([]byte, 32)), b.FillBytes(make([]byte, 32))...)
		}
		fetched := make(chan struct{}, 100)
		attacker := serve(func(http.ResponseWriter, *http.Request) { fetched <- struct{}{} })
		for _, header := range []string{
			fmt.Sprintf(`{"alg":"ES256","kid":%q,"typ":"at+jwt"}`, kid),
			`{"alg":"ES256","kid":"unknown","typ":"at+jwt"}`,
			`{"alg":"ES256","typ":"at+jwt"}`,
			`{"alg":"ES256","kid":"x' UNION SELECT 'k'-- ","typ":"at+jwt"}`,
			`{"alg":"ES256","kid":"$(id)","typ":"at+jwt"}`,
			`{"alg":"ES256","kid":"k\u0000\r\nX: y","typ":"at+jwt"}`,
			fmt.Sprintf(`{"alg":"ES256","kid":%q,"jku":"%s/jwks","typ":"at+jwt"}`, kid, attacker),
			fmt.Sprintf(`{"alg":"ES256","kid":%q,"crit":[],"typ":"at+jwt"}`, kid),
		} {
			refused(with(valid, header, sign))
		}
		for range 200 {
			refusedOnce := get(r.url("/check/role/authenticated"), bearer(with(valid, fmt.Sprintf(`{"alg":"ES256","kid":%q,"typ":"at+jwt"}`, rand.Text()), sign))...)
			Expect(refusedOnce.Status).To(Equal(http.StatusUnauthorized))
		}
		Expect(fetched).To(BeEmpty())
		Expect(get(r.url("/check/role/authenticated"), bearer(valid)...).Status).To(Equal(http.StatusOK))
	})

	It("is refused at another realm, and as another type (J23, J58)", func(ctx SpecContext) {
		other := aRealm(ctx)
		other.user(ctx, "alice", "viewer")
		Expect(get(other.url("/check/role/authenticated"), bearer(valid)...)).To(beADenial(401, "invalid_token"))
		refused(r.in("alice").refresh)
	})

	It("is refused with another issuer, audience, time or typ, though signed with the realm's key (J23, J53, J55, J56, J58)", func(ctx SpecContext) {
		ring := r.ring(ctx)
		now := time.Now().Truncate(time.Second)
		user := &v1alpha1.User{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: "alice"}, user)).To(Succeed())
		good := token.Claims{
			Issuer: externalURL + "/realms/" + r.namespace, Subject: string(user.UID), Audience: []string{externalURL + "/realms/" + r.namespace},
			ClientID: "latchkey", ID: "forged", SessionID: "forged", Username: "alice",
			IssuedAt: now, ExpiresAt: now.Add(time.Minute), AuthTime: now,
		}
		sign := func(change func(*token.Claims)) string {
			c := good
			change(&c)
			jwt, err := ring.Sign(token.Access, c)
			Expect(err).NotTo(HaveOccurred())
			return jwt
		}
		Expect(get(r.url("/check/role/authenticated"), bearer(sign(func(*token.Claims) {}))...).Status).To(Equal(http.StatusOK), "the forgery is otherwise sound")
		for _, issuer := range []string{externalURL, externalURL + "/realms/" + r.namespace + "/", strings.ToUpper(good.Issuer), good.Issuer[:len(good.Issuer)-1]} {
			refused(sign(func(c *token.Claims) { c.Issuer = issuer }))
		}
		refused(sign(func(c *token.Claims) { c.Audience = []string{"evil"} }))
		refused(sign(func(c *token.Claims) {
			c.IssuedAt, c.ExpiresAt = now.Add(time.Hour), now.Add(2*time.Hour)
		}))
		refused(sign(func(c *token.Claims) { c.Subject = "another-uid" }))
		refused(sign(func(c *token.Claims) { c.Username = "bob" }))
		expired := sign(func(c *token.Claims) { c.IssuedAt, c.ExpiresAt = now.Add(-time.Hour), now.Add(-time.Minute) })
		Expect(get(r.url("/check/role/authenticated"), bearer(expired)...)).To(beADenial(401, "token_expired"))
		Expect(get(r.url("/check/role/authenticated"), bearer(expired)...).text("error_description")).To(Equal("Token expired"))
		_, err := ring.Sign(token.Access, func() token.Claims { c := good; c.ExpiresAt = now.AddDate(10, 0, 0); return c }())
		Expect(err).To(HaveOccurred(), "J53: nothing signs such a token")
	})

	It("is refused when it is huge or nested (J35, J42)", func() {
		deep := `{"alg":"ES256","x":` + strings.Repeat("[", 700) + strings.Repeat("]", 700) + `}`
		refused(with(valid, deep, func(string) []byte { return make([]byte, 64) }))
		refused("eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJlbmMiOiJBMTI4R0NNIiwicDJjIjoyMTQ3NDgzNjQ3fQ.a.b.c.d")
		huge := get(r.url("/check/role/authenticated"), bearer(strings.Repeat("A", 20_000)+".x.y")...)
		Expect(huge).To(beADenial(401, "invalid_token"))
		million := rawGet("/realms/"+r.namespace+"/check/role/authenticated", "Authorization: Bearer "+strings.Repeat("A", 1<<20))
		Expect(million.Status).To(Equal(http.StatusRequestHeaderFieldsTooLarge))
		Expect(get(opsURL + "/healthz").Status).To(Equal(http.StatusOK))
	})

	It("is refused in every spelling of the scheme but Bearer's (J63), and when doubled (J64)", func() {
		check := r.url("/check/role/authenticated")
		Expect(get(check, "Authorization", "bearer "+valid).Status).To(Equal(http.StatusOK))
		for _, value := range []string{"Bearer  " + valid, "Bearer\t" + valid, "Basic " + valid, valid, "Bearer", "Bearer ", "Bearer " + valid + " ", "Bearer " + valid + ", Bearer " + valid} {
			// Go's client trims trailing space, so the wire is written by hand.
			a := rawGet("/realms/"+r.namespace+"/check/role/authenticated", "Authorization: "+value+"\x20")
			if value != "Bearer "+valid+" " {
				Expect(a).To(beADenial(401, ""), value)
			}
		}
		for _, pair := range [][2]string{{valid, "junk"}, {"junk", valid}, {valid, valid}} {
			a := rawGet("/realms/"+r.namespace+"/check/role/authenticated", "Authorization: Bearer "+pair[0], "Authorization: Bearer "+pair[1])
			Expect(a).To(beADenial(401, "credentials_malformed"))
		}
	})

	It("dies with the key Secret, and logins work again at once", func(ctx SpecContext) {
		other := aRealm(ctx)
		other.user(ctx, "alice", "viewer")
		old := other.in("alice").access
		check := func(jwt string) answer { return get(other.url("/check/role/viewer"), bearer(jwt)...) }
		Expect(check(old).Status).To(Equal(http.StatusOK))

		Expect(api.Delete(ctx, other.keySecret(ctx))).To(Succeed())

		Eventually(func() answer { return check(old) }).WithContext(ctx).Should(beADenial(401, "invalid_token"))
		var a answer
		Eventually(func() int { a = other.login("alice", goodPassword); return a.Status }).WithContext(ctx).WithTimeout(10 * time.Second).Should(Equal(http.StatusOK))
		Expect(check(a.text("access_token")).Status).To(Equal(http.StatusOK))
		Expect(check(old)).To(beADenial(401, "invalid_token"))
	})
})

// keySecret reads the realm's signing keys as an attacker with the key would.
func (r realm) keySecret(ctx SpecContext) *corev1.Secret {
	GinkgoHelper()
	secret := &corev1.Secret{}
	Expect(api.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: v1alpha1.SigningKeysSecretName}, secret)).To(Succeed())
	return secret
}

func (r realm) ring(ctx SpecContext) *token.Ring {
	GinkgoHelper()
	document, err := token.ParseDocument(r.keySecret(ctx).Data[v1alpha1.SigningKeysDataKey])
	Expect(err).NotTo(HaveOccurred())
	ring, err := token.NewRing(document, nil)
	Expect(err).NotTo(HaveOccurred())
	return ring
}
