// The seven routes and the admin lists through the client of oapi-codegen. Environment: URL, INGEST, ADMIN, RUN.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"calls/client"
	"github.com/oapi-codegen/runtime/types"
)

var ctx = context.Background()

func with(key string) *client.ClientWithResponses {
	auth := func(_ context.Context, request *http.Request) error {
		if key != "" {
			request.Header.Set("Authorization", "Bearer "+key)
		}
		return nil
	}
	made, err := client.NewClientWithResponses(os.Getenv("URL"), client.WithRequestEditorFn(auth))
	if err != nil {
		log.Fatal(err)
	}
	return made
}

func id(text string) (to client.Id) { must(to.FromId0(text)); return }
func number(value int) (to client.Id) { must(to.FromId1(value)); return }
func text(value string) (to client.Sum) { must(to.FromSum1(value)); return }
func sum(value float64) (to client.Sum) { must(to.FromSum0(value)); return }

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func holds(condition bool, what any) {
	if !condition {
		log.Fatalf("%+v", what)
	}
}

type answered interface{ StatusCode() int }

// What was answered; its body has been read into the type that the description gives it.
func called[T answered](answer T, err error) T {
	must(err)
	holds(answer.StatusCode() == 200, answer)
	return answer
}

func main() {
	click := "go-" + os.Getenv("RUN")
	ingest, admin, nobody := with(os.Getenv("INGEST")), with(os.Getenv("ADMIN")), with("")

	called(ingest.PostPrivateConversionWithResponse(ctx, nil, client.PrivateReport{ClickHash: id(click), GoalTypeId: number(5)}))
	name, company, user := "N", "C", client.ContactType("user")
	called(nobody.PostContactWithResponse(ctx, nil, client.ContactForm{Email: types.Email("a-" + click + "@example.com"), Type: user}))
	called(nobody.PostRegisterWithResponse(ctx, nil, client.RegisterForm{Name: name, Company: company, Email: types.Email("b-" + click + "@example.com"), Type: user}))
	first := called(ingest.PostFtdWithResponse(ctx, nil, client.FtdReport{ClickId: id(click), AffiliateId: number(7), Amount: text("9.5")})).JSON200
	holds(first.Verdict == "recorded" && !first.IsDuplicate && *first.Data.Amount == 9.5, first)
	again := called(ingest.GetPostbackWithResponse(ctx, &client.GetPostbackParams{ClickId: click, AffiliateId: "7", Goal: "deposit"})).JSON200
	holds(again.Verdict == "duplicate" && again.IsDuplicate, again)
	called(ingest.PostGoalsPostbackWithResponse(ctx, nil, client.GoalReport{ClickId: id(click), AffiliateId: id("7"), GoalType: "registration"}))
	euro := "EUR"
	called(ingest.PostFtdWithResponse(ctx, nil, client.FtdReport{ClickId: id(click + "e"), AffiliateId: id("7"), Amount: sum(3), Currency: &euro}))
	twelve := sum(12)
	called(admin.PostAdminConversionWithResponse(ctx, nil, client.AdminReport{ClickId: id(click + "e"), AffiliateId: id("7"), GoalId: id("6"), GoalType: "deposit", Amount: &twelve}))
	page := called(admin.ListConversionsWithResponse(ctx, &client.ListConversionsParams{Search: &click})).JSON200
	holds(page.Pagination.Total == 3 && len(page.Data) == 3 && page.Complete == nil, page)
	for _, one := range page.Data {
		if one.ClickId == click+"e" {
			holds(*one.Currency == "EUR" && one.Status == "approved" && *one.Amount == 12, one)
		}
	}
	called(admin.ConversionStatsWithResponse(ctx))
	contacts := called(admin.ListContactsWithResponse(ctx, &client.ListContactsParams{Search: &click})).JSON200
	holds(contacts.Pagination.Total == 2, contacts)
	called(admin.ContactStatsWithResponse(ctx))
	owed := called(admin.ListDeliveriesWithResponse(ctx, &client.ListDeliveriesParams{ClickId: &click})).JSON200
	called(admin.GetDeliveryWithResponse(ctx, owed.Data[0].Ref))
	called(admin.ListAttemptsWithResponse(ctx, nil))
	called(admin.ListReceivedWithResponse(ctx, nil))
	called(admin.ListNetworksWithResponse(ctx))
	called(admin.ListGoalsWithResponse(ctx))
	called(admin.ListOffersWithResponse(ctx))
	called(admin.ListReplaysWithResponse(ctx))
	refused, err := admin.PostNetworkWithResponse(ctx, nil, client.NetworkInput{Kind: "template"})
	must(err)
	holds(refused.StatusCode() == 400 && refused.JSON400.Message != "", refused)
}
