package password_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/latchkey-auth/latchkey/webhook/password"
)

// Hashes of "password" under "somesalt", from the test of argon2's reference
// implementation, and crypt_blowfish's of "U*U".
const (
	argon2idText = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	bcryptText   = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"

	salt = "c29tZXNhbHQ"                                 // 8 bytes
	key  = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4" // 32 bytes
)

func TestParseAdmits(t *testing.T) {
	for sentence, tc := range map[string]struct {
		phc      string
		password string // empty: too expensive to verify here
		memory   uint64
	}{
		"argon2id as the reference implementation writes it": {argon2idText, "password", 256 << 10},
		"argon2id with two lanes":                            {"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password", 256 << 10},
		"argon2id at the lower bounds":                       {argon2idWith("m=8,t=1,p=1", 8, 16), "", 8 << 10},
		"argon2id at the upper bounds":                       {argon2idWith("m=131072,t=16,p=16", 64, 64), "", password.MaxMemory},
		"argon2id with exactly 8 KiB for each lane":          {argon2idWith("m=128,t=1,p=16", 16, 32), "", 128 << 10},
		"argon2id with memory that is no multiple of lanes":  {argon2idWith("m=133,t=1,p=16", 16, 32), "", 133 << 10},
		"bcrypt $2a$ as crypt_blowfish writes it":            {bcryptText, "U*U", 16 << 10},
		"bcrypt $2b$, which is the same function":            {strings.Replace(bcryptText, "2a", "2b", 1), "U*U", 16 << 10},
		"bcrypt $2y$, which is the same function":            {strings.Replace(bcryptText, "2a", "2y", 1), "U*U", 16 << 10},
		"bcrypt of a byte beyond ASCII":                      {"$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "\xa3", 16 << 10},
		"bcrypt at the upper bound":                          {strings.Replace(bcryptText, "05", "14", 1), "", 16 << 10},
	} {
		t.Run(sentence, func(t *testing.T) {
			h, err := password.Parse(tc.phc)
			if err != nil {
				t.Fatal(err)
			}
			if h.Memory() != tc.memory {
				t.Errorf("needs %d bytes, not %d", h.Memory(), tc.memory)
			}
			if tc.password == "" {
				return
			}
			if !h.Verify(tc.password) {
				t.Error("refuses the right password")
			}
			for _, wrong := range []string{"", tc.password + "x", strings.ToUpper(tc.password) + " ", tc.phc} {
				if h.Verify(wrong) {
					t.Errorf("accepts %q", wrong)
				}
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const (
		begin     = "a password hash begins with $argon2id$, or with $2a$, $2b$ or $2y$ for bcrypt"
		ascii     = "a password hash has no spaces, line breaks or characters beyond ASCII"
		argonForm = "argon2id: write it as $argon2id$v=19$m=…,t=…,p=…$salt$hash, with plain numbers and base64 without padding"
		version   = "argon2id: only version 19 (v=19) is supported"
		form      = "bcrypt: write it as $2b$ (or $2a$, $2y$), two digits of cost, $ and 53 characters"
		stray     = "bcrypt: the salt or the hash is not in bcrypt's base64, or has stray bits"
	)
	for sentence, tc := range map[string]struct{ phc, message string }{
		"L15 the cost of the attack":               {argon2idWith("m=4194304,t=1000,p=255", 16, 32), "argon2id: parallelism p=255 is not 1 to 16"},
		"L15 memory of 4 GiB":                      {argon2idWith("m=4194304,t=1,p=1", 16, 32), "argon2id: memory m=4194304 is not 8 (8 for each lane) to 131072 KiB"},
		"L15 memory one KiB over the bound":        {argon2idWith("m=131073,t=1,p=1", 16, 32), "argon2id: memory m=131073 is not 8 (8 for each lane) to 131072 KiB"},
		"L15 a thousand passes":                    {argon2idWith("m=19456,t=1000,p=1", 16, 32), "argon2id: passes t=1000 is not 1 to 16"},
		"L15 a number over 32 bits":                {argon2idWith("m=4294967304,t=1,p=1", 16, 32), argonForm},
		"L15 lanes that would wrap round to one":   {argon2idWith("m=19456,t=1,p=257", 16, 32), "argon2id: parallelism p=257 is not 1 to 16"},
		"L15 lanes whose minimum memory overflows": {argon2idWith("m=19456,t=1,p=536870912", 16, 32), "argon2id: parallelism p=536870912 is not 1 to 16"},
		"L15 bcrypt of cost 31":                    {strings.Replace(bcryptText, "05", "31", 1), "bcrypt: cost 31 is not 4 to 14"},
		"L15 bcrypt of cost 15":                    {strings.Replace(bcryptText, "05", "15", 1), "bcrypt: cost 15 is not 4 to 14"},
		"L15 a text of a megabyte":                 {"$argon2id$" + strings.Repeat("$", 1<<20), "a password hash has at most 256 bytes"},
		"L16 m=0":                                  {argon2idWith("m=0,t=1,p=1", 16, 32), "argon2id: memory m=0 is not 8 (8 for each lane) to 131072 KiB"},
		"L16 t=0":                                  {argon2idWith("m=19456,t=0,p=1", 16, 32), "argon2id: passes t=0 is not 1 to 16"},
		"L16 p=0":                                  {argon2idWith("m=19456,t=2,p=0", 16, 32), "argon2id: parallelism p=0 is not 1 to 16"},
		"L16 m=8p-1":                               {argon2idWith("m=31,t=1,p=4", 16, 32), "argon2id: memory m=31 is not 32 (8 for each lane) to 131072 KiB"},
		"L16 v=16":                                 {strings.Replace(argon2idText, "v=19", "v=16", 1), version},
		"L16 no salt":                              {argon2idWith("m=256,t=2,p=1", 0, 32), "argon2id: the salt has 0 bytes, not 8 to 64"},
		"L16 no hash":                              {argon2idWith("m=256,t=2,p=1", 16, 0), "argon2id: the hash has 0 bytes, not 16 to 64"},
		"a salt of 7 bytes":                        {argon2idWith("m=256,t=2,p=1", 7, 32), "argon2id: the salt has 7 bytes, not 8 to 64"},
		"a salt of 65 bytes":                       {argon2idWith("m=256,t=2,p=1", 65, 32), "argon2id: the salt has 65 bytes, not 8 to 64"},
		"a hash of 15 bytes":                       {argon2idWith("m=256,t=2,p=1", 16, 15), "argon2id: the hash has 15 bytes, not 16 to 64"},
		"a hash of 65 bytes":                       {argon2idWith("m=256,t=2,p=1", 16, 65), "argon2id: the hash has 65 bytes, not 16 to 64"},
		"nothing":                                  {"", begin},
		"a plaintext password":                     {"correct-horse-battery-staple", begin},
		"argon2i":                                  {strings.Replace(argon2idText, "argon2id", "argon2i", 1), begin},
		"argon2id in capitals":                     {strings.Replace(argon2idText, "argon2id", "ARGON2ID", 1), begin},
		"scrypt":                                   {"$scrypt$ln=15,r=8,p=1$c29tZXNhbHQ$" + key, begin},
		"SHA-512 crypt":                            {"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO", begin},
		"a line break at the end, as files have":   {argon2idText + "\n", ascii},
		"a line break within the base64":           {strings.Replace(argon2idText, "nf65", "nf\n65", 1), ascii},
		"a space before":                           {" " + argon2idText, ascii},
		"a NUL after":                              {bcryptText + "\x00", ascii},
		"a digit that is not ASCII":                {argon2idWith("m=25٦,t=2,p=1", 16, 32), ascii},
		"no version":                               {"$argon2id$m=256,t=2,p=1$" + salt + "$" + key, argonForm},
		"a version with a leading zero":            {strings.Replace(argon2idText, "v=19", "v=019", 1), version},
		"a number with a leading zero":             {argon2idWith("m=0256,t=2,p=1", 16, 32), argonForm},
		"a number with a sign":                     {argon2idWith("m=+256,t=2,p=1", 16, 32), argonForm},
		"a negative number":                        {argon2idWith("m=256,t=-2,p=1", 16, 32), argonForm},
		"a number in hexadecimal":                  {argon2idWith("m=0x100,t=2,p=1", 16, 32), argonForm},
		"a number with an underscore":              {argon2idWith("m=2_56,t=2,p=1", 16, 32), argonForm},
		"parameters in another order":              {argon2idWith("t=2,m=256,p=1", 16, 32), argonForm},
		"a parameter twice":                        {argon2idWith("m=256,m=256,t=2,p=1", 16, 32), argonForm},
		"a parameter missing":                      {argon2idWith("m=256,t=2", 16, 32), argonForm},
		"a key id":                                 {argon2idWith("m=256,t=2,p=1,keyid=Zm9v", 16, 32), argonForm},
		"associated data":                          {argon2idWith("m=256,t=2,p=1,data=Zm9v", 16, 32), argonForm},
		"a seventh field":                          {argon2idText + "$", argonForm},
		"five fields":                              {"$argon2id$v=19$m=256,t=2,p=1$" + salt, argonForm},
		"base64 with padding":                      {argon2idText + "=", argonForm},
		"base64 of the URL alphabet":               {strings.ReplaceAll(argon2idText, "/", "_"), argonForm},
		"base64 with stray bits at the end":        {strings.TrimSuffix(argon2idText, "4") + "5", argonForm},
		"a salt with stray bits at the end":        {strings.Replace(argon2idText, salt, "c29tZXNhbHR", 1), argonForm},
		"bcrypt $2x$, which hashes with a bug":     {strings.Replace(bcryptText, "2a", "2x", 1), form},
		"bcrypt $2$":                               {strings.Replace(bcryptText, "2a", "2", 1), form},
		"bcrypt in capitals":                       {strings.Replace(bcryptText, "2a", "2A", 1), form},
		"bcrypt of cost 3":                         {strings.Replace(bcryptText, "05", "03", 1), "bcrypt: cost 3 is not 4 to 14"},
		"bcrypt of cost +5":                        {strings.Replace(bcryptText, "05", "+5", 1), "bcrypt: the cost is not a number of two digits"},
		"bcrypt of one digit":                      {strings.Replace(bcryptText, "05", "5", 1), form},
		"bcrypt cut short":                         {bcryptText[:59], form},
		"bcrypt with more after it":                {bcryptText + "x", form},
		"bcrypt with a character beyond base64":    {strings.Replace(bcryptText, "E5YP", "E5Y+", 1), stray},
		"bcrypt with stray bits in the salt":       {strings.Replace(bcryptText, "C.E5", "C/E5", 1), stray},
		"bcrypt with stray bits in the hash":       {strings.TrimSuffix(bcryptText, "W") + "X", stray},
	} {
		t.Run(sentence, func(t *testing.T) {
			h, err := password.Parse(tc.phc)
			if err == nil || err.Error() != tc.message {
				t.Errorf("says %v, not %q", err, tc.message)
			}
			if h.Memory() != 0 || h.Verify("") || h.Verify("password") {
				t.Error("leaves a hash that can be verified")
			}
		})
	}
}

func TestVerifyRefusesWhatAHashFunctionConfuses(t *testing.T) {
	long := strings.Repeat("0123456789ab", 6) // 72 bytes
	for sentence, tc := range map[string]struct{ phc, right, wrong string }{
		"L05 bcrypt: 72 bytes and one more":          {bcryptOf(t, long), long, long + "x"},
		"L05 bcrypt: 72 bytes and a kilobyte":        {bcryptOf(t, long), long, long + strings.Repeat("x", 1024)},
		"L06 bcrypt: the key repeated over a NUL":    {bcryptOf(t, "a"), "a", "a\x00a"},
		"L06 bcrypt: the empty key repeated":         {bcryptOf(t, ""), "", "\x00"},
		"L06 bcrypt: an empty one is not a long one": {bcryptOf(t, ""), "", long + "x"},
		"L07 bcrypt: a NUL at the end":               {bcryptOf(t, "correct"), "correct", "correct\x00"},
		"L07 bcrypt: a NUL and junk at the end":      {bcryptOf(t, "correct"), "correct", "correct\x00junk"},
		"L07 bcrypt: only a NUL":                     {bcryptOf(t, "correct"), "correct", "\x00"},
		"L07 argon2id: a NUL at the end":             {argon2idText, "password", "password\x00"},
		"L07 argon2id: a NUL and junk at the end":    {argon2idText, "password", "password\x00junk"},
		"L07 argon2id: only a NUL":                   {argon2idText, "password", "\x00"},
		"L07 argon2id: a line break at the end":      {argon2idText, "password", "password\n"},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := parse(t, tc.phc)
			if !h.Verify(tc.right) {
				t.Error("refuses the right password")
			}
			if h.Verify(tc.wrong) {
				t.Error("accepts another password")
			}
		})
	}
}

func TestZeroHashDenies(t *testing.T) {
	var h password.Hash
	if h.Verify("") || h.Memory() != 0 || !h.Weaker(password.Params{}) {
		t.Error("the zero Hash is taken for a hash")
	}
}

func TestHashNeverPrints(t *testing.T) {
	for name, text := range map[string]string{"argon2id": argon2idText, "bcrypt": bcryptText} {
		t.Run(name, func(t *testing.T) {
			h := parse(t, text)
			var logged strings.Builder
			slog.New(slog.NewTextHandler(&logged, nil)).Info("text", "hash", h, "within", map[string]any{"hash": h})
			slog.New(slog.NewJSONHandler(&logged, nil)).Info("json", "hash", h, "within", map[string]any{"hash": h})
			encoded, err := json.Marshal(map[string]any{"hash": h, "pointer": &h})
			if err != nil {
				t.Fatal(err)
			}
			direct := map[string]string{"JSON": string(encoded), "logs": logged.String()}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X"} {
				direct[verb] = fmt.Sprintf(verb+" "+verb, h, &h)
				hidden := fmt.Sprintf(verb, struct{ inner password.Hash }{h}) // fmt can't call methods here
				if revealing(hidden, text) {
					t.Errorf("%s of an unexported field prints %s", verb, hidden)
				}
			}
			for how, printed := range direct {
				if !strings.Contains(printed, "[redacted]") || revealing(printed, text) {
					t.Errorf("%s prints %s", how, printed)
				}
			}
		})
	}
}

func TestFingerprint(t *testing.T) {
	const want = "8b3c25cfc80aaaa47189abebd1dbd7ee"
	if got := password.Fingerprint(argon2idText); got != want {
		t.Errorf("is %s, not %s", got, want)
	}
	if password.Fingerprint(argon2idText) == password.Fingerprint(argon2idText+"\n") {
		t.Error("does not change with the text")
	}
}

// revealing tells whether printed has the end of a stored text, or of the bytes
// that it encodes, in any of the ways in which fmt writes bytes.
func revealing(printed, text string) bool {
	end := text[len(text)-12:]
	decoded, err := base64.RawStdEncoding.DecodeString(end)
	if err != nil {
		decoded = []byte(end) // bcrypt keeps the text
	}
	for _, secret := range [][]byte{[]byte(end), decoded} {
		for _, verb := range []string{"%s", "%d", "%x", "%X", "% x", "%#v"} {
			if strings.Contains(printed, strings.Trim(fmt.Sprintf(verb, secret), "[]byte{}")) {
				return true
			}
		}
	}
	return false
}

// argon2idWith writes a hash with these parameters and lengths in bytes.
func argon2idWith(params string, saltLength, keyLength int) string {
	return fmt.Sprintf("$argon2id$v=19$%s$%s$%s", params, rawBase64(saltLength), rawBase64(keyLength))
}

// rawBase64 encodes n zero bytes.
func rawBase64(n int) string { return strings.Repeat("A", (n*8+5)/6) }

func bcryptOf(t *testing.T, of string) string {
	t.Helper()
	text, err := bcrypt.GenerateFromPassword([]byte(of), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parse(t testing.TB, phc string) password.Hash {
	t.Helper()
	h, err := password.Parse(phc)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
