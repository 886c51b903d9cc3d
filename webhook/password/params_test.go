package password_test

import (
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/password"
)

var cheap = password.Params{MemoryKiB: 64, Time: 1, Parallelism: 1}

func TestMakeAndDummyAreAlike(t *testing.T) {
	for sentence, params := range map[string]password.Params{
		"with the cheapest parameters": {MemoryKiB: 8, Time: 1, Parallelism: 1},
		"with the default":             password.Default(),
		"with the strong ones":         password.Strong(),
		"with several lanes":           {MemoryKiB: 64, Time: 3, Parallelism: 8},
	} {
		t.Run(sentence, func(t *testing.T) {
			phc, err := params.Make("correct horse")
			if err != nil {
				t.Fatal(err)
			}
			made := parse(t, phc)
			if !made.Verify("correct horse") || made.Verify("correct hors") {
				t.Error("what Make makes does not verify exactly its password")
			}
			dummy := params.Dummy()
			want := password.Shape{Params: params, SaltLength: 16, Bytes: 32}
			if password.ShapeOf(made) != want || password.ShapeOf(dummy) != want {
				t.Errorf("cost unlike each other: made %v, dummy %v, wanted %v", password.ShapeOf(made), password.ShapeOf(dummy), want)
			}
			if dummy.Memory() != made.Memory() {
				t.Errorf("the dummy needs %d bytes, a real one %d", dummy.Memory(), made.Memory())
			}
			if dummy.Verify("correct horse") || dummy.Verify("") || !password.IsDecoy(dummy) {
				t.Error("the dummy verifies a password")
			}
		})
	}
}

func TestDummyHoldsForNoPasswordEvenIfOneWereFound(t *testing.T) {
	if real := parse(t, argon2idText); !real.Verify("password") || password.AsDecoy(real).Verify("password") {
		t.Error("what marks a dummy does not keep a hash from being verified")
	}
}

func TestMakeSaltsEachHash(t *testing.T) {
	first, err := cheap.Make("same")
	if err != nil {
		t.Fatal(err)
	}
	second, err := cheap.Make("same")
	if err != nil {
		t.Fatal(err)
	}
	if first == second || password.Fingerprint(first) == password.Fingerprint(second) {
		t.Error("two hashes of one password are the same")
	}
}

func TestParamsOutOfBoundsMakeNothing(t *testing.T) {
	for sentence, params := range map[string]password.Params{
		"zero":                      {},
		"without passes":            {MemoryKiB: 64, Parallelism: 1},
		"without lanes":             {MemoryKiB: 64, Time: 1},
		"with too little memory":    {MemoryKiB: 31, Time: 1, Parallelism: 4},
		"with too much memory":      {MemoryKiB: 131073, Time: 1, Parallelism: 1},
		"with too many passes":      {MemoryKiB: 64, Time: 17, Parallelism: 1},
		"with more lanes than ever": {MemoryKiB: 65536, Time: 1, Parallelism: 255},
	} {
		t.Run(sentence, func(t *testing.T) {
			if phc, err := params.Make("x"); err == nil || phc != "" {
				t.Errorf("made %d bytes of hash, error %v", len(phc), err)
			}
			if dummy := params.Dummy(); dummy.Memory() != 0 || dummy.Verify("") {
				t.Error("there is a dummy")
			}
		})
	}
}

func TestWeaker(t *testing.T) {
	for sentence, tc := range map[string]struct {
		phc  string
		than password.Params
		want bool
	}{
		"the default is not weaker than itself":    {argon2idWith("m=19456,t=2,p=1", 16, 32), password.Default(), false},
		"lanes make no difference":                 {argon2idWith("m=19456,t=2,p=4", 16, 32), password.Default(), false},
		"the default is weaker than strong":        {argon2idWith("m=19456,t=2,p=1", 16, 32), password.Strong(), true},
		"strong is not weaker than the default":    {argon2idWith("m=65536,t=3,p=4", 16, 32), password.Default(), false},
		"less memory is weaker, whatever the time": {argon2idWith("m=19455,t=16,p=1", 16, 32), password.Default(), true},
		"fewer passes are weaker":                  {argon2idWith("m=19456,t=1,p=1", 16, 32), password.Default(), true},
		"fewer passes over more memory are not":    {argon2idWith("m=47104,t=1,p=1", 16, 32), password.Default(), false},
		"bcrypt is weaker":                         {bcryptText, password.Default(), true},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := parse(t, tc.phc).Weaker(tc.than); got != tc.want {
				t.Errorf("says %t", got)
			}
		})
	}
}
