//go:build chaos

package chaos_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// metrics are those of a process, as text; "" while it doesn't answer.
func metrics(ctx context.Context, p *process) string {
	_, text := operations(ctx, p, "/metrics")
	return text
}

// ready is the status of a process's readiness; 0 while it doesn't answer.
func ready(ctx context.Context, p *process) int {
	status, _ := operations(ctx, p, "/readyz")
	return status
}

func operations(ctx context.Context, p *process, path string) (int, string) {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.server.OperationsURL()+path, nil)
	Expect(err).NotTo(HaveOccurred())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, ""
	}
	return response.StatusCode, string(text)
}

// gauges are the values of a metric, by its series.
func gauges(ctx context.Context, p *process, name string) map[string]float64 {
	found := map[string]float64{}
	for line := range strings.Lines(metrics(ctx, p)) {
		series, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || series != name && !strings.HasPrefix(series, name+"{") {
			continue
		}
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			found[series] = v
		}
	}
	return found
}
