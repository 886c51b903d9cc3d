package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// picture is a file that a page shows by HTML, for a browser to choose one by its colours.
var picture = regexp.MustCompile(`(?:src|srcset)="([^"]+)"`)

func TestEveryPictureExistsAndIsSmall(t *testing.T) {
	for _, page := range pages(t) {
		for _, match := range picture.FindAllStringSubmatch(withoutCode(read(t, page)), -1) {
			if strings.Contains(match[1], "://") {
				t.Errorf("%s shows %s, which isn't in this repository", page, match[1])
				continue
			}
			if _, err := os.Stat(filepath.Join("..", filepath.Dir(page), match[1])); err != nil {
				t.Errorf("%s shows %s: %v", page, match[1], err)
			}
		}
	}
	all, err := filepath.Glob("images/*.png")
	if err != nil || len(all) == 0 {
		t.Fatalf("there are no pictures: %v", err)
	}
	for _, file := range all {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 60<<10 {
			t.Errorf("%s has %d bytes: make screenshots", file, info.Size())
		}
	}
}

func TestEveryPictureHasWordsForThoseWhoDontSeeIt(t *testing.T) {
	images := regexp.MustCompile(`<img [^>]*>`)
	for _, page := range pages(t) {
		for _, image := range images.FindAllString(withoutCode(read(t, page)), -1) {
			if !regexp.MustCompile(`alt="[^"]{20,}"`).MatchString(image) {
				t.Errorf("%s: %s says nothing", page, image)
			}
		}
	}
}
