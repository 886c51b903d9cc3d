package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/latchkey-auth/latchkey/api/v1alpha1"
)

// pollEvery is how often an object is looked at that somebody waits for.
const pollEvery = 100 * time.Millisecond

// enforcement is what becomes of a RevokedToken that a subcommand made.
type enforcement struct {
	wait    bool
	timeout time.Duration
	reason  string
}

func (e *enforcement) register(flags *pflag.FlagSet, reason string) {
	flags.BoolVar(&e.wait, "wait", true, "return when every replica refuses it; false: when it is stored")
	flags.DurationVar(&e.timeout, "timeout", time.Minute, "how long to wait")
	flags.StringVar(&e.reason, "reason", reason, "why, for people who read the RevokedToken")
}

// await returns when every serving replica refuses what the RevokedToken names. It says what it sees.
func (e *enforcement) await(ctx context.Context, k *kubectl, c *clusterClient, name string) error {
	fmt.Fprintf(k.Out, "revokedtoken/%s stored\n", name)
	if !e.wait {
		return nil
	}
	last := "the leader hasn't judged it yet: is latchkey controller running?"
	var failure error
	err := wait.PollUntilContextTimeout(ctx, pollEvery, e.timeout, true, func(ctx context.Context) (bool, error) {
		token := &v1alpha1.RevokedToken{}
		if failure = c.Get(ctx, c.key(name), token); failure != nil {
			if ctx.Err() != nil {
				failure = nil // it is the time that was over
			}
			return false, failure
		}
		enforced := meta.FindStatusCondition(token.Status.Conditions, v1alpha1.ConditionEnforced)
		if enforced != nil {
			last = enforced.Message
		}
		return meta.IsStatusConditionTrue(token.Status.Conditions, v1alpha1.ConditionEnforced), nil
	})
	switch {
	case failure != nil:
		return failure
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		fmt.Fprintf(k.ErrOut, "revokedtoken/%s isn't enforced after %s: %s\n", name, e.timeout, last)
		return errNo
	}
	fmt.Fprintf(k.Out, "revokedtoken/%s enforced: %s\n", name, last)
	return nil
}

// onlyOne refuses more than one argument, in words that say what the one is.
func onlyOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fmt.Errorf("name one %s, not %d", what, len(args))
		}
		return nil
	}
}
