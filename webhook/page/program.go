package page

import "strings"

// Program makes a User-Agent header readable: "Firefox on Linux". What isn't a browser is
// named by the first word of the header, and what sent none by a phrase. It is a hint by
// which people know their own logins again, and nothing that could be trusted: whoever
// logs in writes it.
func Program(userAgent string) string {
	if userAgent == "" {
		return "Unknown program"
	}
	browser := firstOf(userAgent, []sign{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"CriOS/", "Chrome"},
		{"Safari/", "Safari"}, // nearly all of the others call themselves Safari, too
	})
	if !strings.HasPrefix(userAgent, "Mozilla/") || browser == "" {
		word, _, _ := strings.Cut(userAgent, " ")
		return word
	}
	system := firstOf(userAgent, []sign{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	})
	if system == "" {
		return browser
	}
	return browser + " on " + system
}

type sign struct{ in, means string }

func firstOf(s string, signs []sign) string {
	for _, each := range signs {
		if strings.Contains(s, each.in) {
			return each.means
		}
	}
	return ""
}
