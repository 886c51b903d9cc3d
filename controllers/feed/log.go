package feed

import (
	"context"
	"log/slog"

	"github.com/go-logr/logr"
)

// clientGoLogger passes on what client-go says as debug lines: what a person
// should know, this package says itself, once.
func clientGoLogger(to *slog.Logger) logr.Logger {
	return logr.FromSlogHandler(demoted{to.Handler()})
}

// demoted logs nothing above debug. What client-go means for its deeper levels,
// such as the bodies of answers, isn't logged at all.
type demoted struct{ slog.Handler }

func (d demoted) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelDebug && d.Handler.Enabled(ctx, slog.LevelDebug)
}

func (d demoted) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return d.Handler.Handle(ctx, r)
}

func (d demoted) WithAttrs(attrs []slog.Attr) slog.Handler {
	return demoted{d.Handler.WithAttrs(attrs)}
}

func (d demoted) WithGroup(name string) slog.Handler { return demoted{d.Handler.WithGroup(name)} }
