package redirect_test

import (
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/webhook/redirect"
)

// attacks are locations by which somebody is to be led from app.example.test to evil.test. None is
// accepted, in any realm.
var attacks = map[string][]string{
	"O01 scheme-relative": {"//evil.test", "//evil.test/", "//evil.test/%2f..", "//app.example.test@evil.test/", "//evil.test:443", "//auth.example.test/account"},
	"O04 slashes and dots": {
		"///evil.test", "////evil.test/", "/////evil.test", "/.//evil.test", "/..//evil.test", "/;@evil.test", "/./evil.test", "/../evil.test", "/%2e/evil.test",
		"/.%2e//evil.test", "/a//evil.test", "/%2f/evil.test", "/%2f%2fevil.test", "/...//evil.test", "/%20/evil.test", "/ /evil.test",
	},
	"O05 userinfo": {
		"https://app.example.test@evil.test/", "https://app.example.test:443@evil.test", "https://app.example.test%40evil.test", "https://@evil.test/",
		"https://:@evil.test/", "https://evil.test@app.example.test/", "https://:@app.example.test/", "https://a:b@app.example.test/",
	},
	"O07 scripts": {
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java%0ascript:alert(1)", "java\nscript:alert(1)", "javascript://app.example.test/%0aalert(1)",
		" javascript:alert(1)", "\x01javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)", "blob:https://app.example.test/x",
		"view-source:https://app.example.test/", "file:///etc/passwd", "ftp://app.example.test/", "ws://app.example.test/",
	},
	"O09 line breaks": {
		"https://app.example.test/%0d%0aSet-Cookie:x=1", "/%0d%0aX:1", "https://app.example.test/\r\nX:1", "/\r\nX:1", "https://app.example.test/%0A", "/x?\r\nX:1",
		"https://app.example.test\r\n/", "\r\nhttps://app.example.test/", "https://app.example.test/\n",
	},
	"O10 downgrade":        {"http://app.example.test/", "http://auth.example.test/", "http://app.example.test:443/", "HTTP://app.example.test/", "http:/app.example.test/"},
	"O13 backslash":        {`https://evil.test\@app.example.test/`, `https://app.example.test\.evil.test`, `https:\\evil.test`, `\\evil.test`, `/\evil.test`, `\/evil.test`, `https://app.example.test\`, `/a\b`, `/%5cevil.test`},
	"O14 missing slashes":  {"https:evil.test", "https:/evil.test", "https:///evil.test", "https:////evil.test", "https:app.example.test", "https:/app.example.test", "https", "https:", "https://", "https:///"},
	"O17 length and NUL":   {"/" + strings.Repeat("a", 100_000), "/%00//evil.test", "/\x00//evil.test", "https://app.example.test\x00.evil.test/", "https://app.example.test/%00", "https://app.example.test/" + strings.Repeat("a", 100_000)},
	"O19 a host elsewhere": {"https://evil.test/x", "https://app.example.test.evil.test/", "https://evil.test/https://app.example.test/", "https://evil.test?https://app.example.test", "https://evil.test#@app.example.test"},
}

func TestAttacks(t *testing.T) {
	for id, list := range attacks {
		t.Run(id, func(t *testing.T) {
			for name, rules := range realms {
				for _, rd := range list {
					if staysHome(t, rules, rd) {
						location, _ := redirect.Check(rd, rules)
						t.Errorf("in a realm %s, %.100q leads to %q", name, rd, location)
					}
				}
			}
		})
	}
}

// forms are how open redirects are written, after the lists that people test with. BAD is a host to
// be led to, GOOD an allowed one.
var forms = strings.Fields(`
	BAD //BAD ///BAD ////BAD /////BAD //BAD/ ///BAD/ //BAD// ////BAD// //BAD/.. //BAD/%2e%2e ///BAD/%2e%2e%2f ////BAD/%2f%2e%2e //BAD/%2f.. @BAD .BAD
	/\BAD /\/BAD /\/\/BAD/ \/BAD \/\/BAD/ \\BAD /%5cBAD /%5c%5cBAD //%5cBAD ///%5cBAD ////%5cBAD /%2f%5cBAD /%2f%2fBAD /%2F/BAD /%2f%2f%2fBAD%2f%3fGOOD //%2fBAD
	/%09/BAD //%09/BAD ///%09/BAD ////%09/BAD /%0a/BAD /%0d/BAD /%00/BAD /%20//BAD /.BAD/..//BAD /..;/BAD/..;//BAD /;//BAD /x/..//BAD /%2e%2e//BAD
	//GOOD@BAD ///GOOD@BAD/ ////GOOD@BAD/%2e%2e //GOOD+@BAD/ //;@BAD ///\;@BAD ////\;@BAD //x@GOOD@BAD/ //x:y@BAD //GOOD:80#@BAD/ //BAD:80#@GOOD/ //BAD:80?@GOOD/
	//BAD\@GOOD //BAD\tGOOD/ //BAD%00.GOOD //BAD%E3%80%82GOOD //BAD%2f.GOOD //https:///BAD/%2e%2e //https://BAD/%2e%2e%2f //GOOD@https:///BAD/%2e%2e /<>//BAD <>//BAD
	/https:/%5cBAD/ /https://%09/BAD /https://%5cBAD /https:///BAD/%2e%2e /https://BAD /https://GOOD@BAD/ /http://BAD /https:BAD//x /x:1/:///%01javascript:alert(document.cookie)/
	https:BAD https:/BAD https:///BAD https:////BAD https:\BAD https:\\BAD https:/\BAD https:/\/BAD https://\BAD https:%2f%2fBAD https%3a//BAD https%3A%2F%2FBAD %68ttps://BAD
	https://%09/BAD https://%5cBAD https://%5cGOOD@BAD https:///GOOD@BAD/%2e%2e https://:@BAD\@GOOD https://GOOD@BAD https://GOOD:443@BAD https://GOOD:80%40BAD/ https://GOOD%40BAD
	https://GOOD+&@BAD#+@GOOD/ https://BAD?@GOOD https://BAD#@GOOD https://BAD;@GOOD https://BAD&@GOOD https://BAD%23.GOOD/ https://BAD%3F.GOOD/ https://BAD%2f%2f.GOOD/ https://BAD%5c%5c.GOOD/
	https://BAD\.GOOD https://BAD\tGOOD/ https://BAD%2eGOOD/ https://GOOD%2eBAD/ https://GOOD.BAD/ https://GOODBAD/ https://BAD,GOOD/ https://BAD:443:GOOD/ https://GOOD:BAD/ https://[BAD]/
	https://[::BAD]/ https://[GOOD]@BAD/ https://GOOD|BAD/ https://GOOD^BAD/ https://(GOOD)BAD/ https://GOOD/@BAD/../..\\BAD https://BAD。GOOD https://GOOD。BAD https://GOOD／BAD https://GOOD＠BAD
	https://GOOD！BAD https://BAD／.GOOD https://BAD？.GOOD https://BAD＃.GOOD https://BAD%ef%bc%8f.GOOD 〱BAD 〵BAD ゝBAD ーBAD ｰBAD http://BAD http://GOOD http://GOOD@BAD http:BAD http:GOOD
	javascript:alert(1) javascript://GOOD/%0aalert(1) javascript://GOOD?%a0alert(1) jaVAscript://GOOD//%0d%0aalert(1);// java%09script:alert(1) java%0dscript:alert(1) java%0d%0ascript%0d%0a:alert(0)
	\j\av\a\s\cr\i\pt\:\a\l\ert\(1\) \x6A\x61\x76\x61\x73\x63\x72\x69\x70\x74\x3aalert(1) \u006A\u0061\u0076\u0061script:alert(1) Javas%26%2399;ript:alert(1) ";alert(0);// <>javascript:alert(1);
	data:text/html;base64,PHNjcmlwdD4= data:GOOD;text/html,<script>1</script> mailto:x@BAD about:blank intent://BAD#Intent;scheme=https;end filesystem:https://GOOD/x
	https://3627734734 https://0xd83ad6ce https://0330.072.0326.0316 https://0xd8.0x3a.0xd6.0xce https://472.314.470.462 https://00330.3856078 https://GOOD@3627734734 https://[::216.58.214.206]
	https://[::ffff:216.58.214.206] https://GOOD@[::ffff:216.58.214.206] http:0xd8.072.54990 http:[::216.58.214.206] https://.BAD https://BAD. https://BAD.. https://GOOD..BAD
	https://xn--GOOD.BAD https://GOOD.xn--BAD https://ｅｖｉｌ.test https://evil%00.test https://%65vil.test https://evil%E3%80%82test https://BAD:443/GOOD https://BAD/GOOD https://user:GOOD@BAD
	http://localhost.BAD http://127.0.0.1.BAD http://BAD#localhost http://localhost@BAD http://[::1]@BAD http://[::1].BAD http://127.0.0.1:80@BAD http://localhost\.BAD http://2130706433/ http://127.1/
`)

// No form with BAD in it is accepted, in whatever spelling, by any realm; and what is accepted of the
// others stays where it may.
func TestFormsOfOpenRedirects(t *testing.T) {
	tried := 0
	for _, form := range forms {
		for _, bad := range []string{"evil.test", "EVIL.test", "app.example.test.evil.test", "evilexample.test", "google.com", "xn--80ak6aa92e.com", "8.8.8.8"} {
			for _, good := range []string{"app.example.test", "auth.example.test", "localhost"} {
				rd := strings.NewReplacer("BAD", bad, "GOOD", good).Replace(form)
				for _, spelling := range []string{rd, rd + "/", " " + rd, rd + "\t", "\t" + rd, strings.Replace(rd, "/", "/\t", 1), strings.Replace(rd, "/", "/\n", 1), strings.Replace(rd, "https", "hTTps", 1)} {
					for name, rules := range realms {
						tried++
						if location, _ := redirect.Check(spelling, rules); staysHome(t, rules, spelling) && strings.Contains(form, "BAD") {
							t.Errorf("in a realm %s, %q leads to %q", name, spelling, location)
						}
					}
				}
			}
		}
	}
	t.Logf("%d forms, %d tries", len(forms), tried)
}
